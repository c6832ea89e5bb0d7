//! Actions: one table of names and explanations for the keymap, the palette and the configuration.

macro_rules! actions {
    ($($variant:ident $name:literal $help:literal;)*) => {
        /// An action that a person can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $help] $variant,)*
        }

        impl Action {
            /// All of them, in the order of the palette.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in a configuration and in the palette.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The explanation, in a few words.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

actions! {
    Down "down" "one row down";
    Up "up" "one row up";
    First "first" "to the first row";
    Last "last" "to the last row (Live: and follow)";
    HalfDown "half-page-down" "half a page down";
    HalfUp "half-page-up" "half a page up";
    PageDown "page-down" "a page down";
    PageUp "page-up" "a page up";
    ScrollLeft "scroll-left" "scroll left";
    ScrollRight "scroll-right" "scroll right";
    Left "left" "one to the left";
    Right "right" "one to the right";
    LiveTab "live" "Live: calls as they happen";
    RecordingsTab "recordings" "Recordings: what is stored";
    DiffTab "diff-tab" "Diff: two of them side by side";
    PruneTab "prune" "Prune: what would be deleted, and what speaks against it";
    LogTab "log" "Log: all messages, and the undo history";
    OtherPane "other-pane" "the other pane";
    ListPane "list-pane" "to the list";
    DetailPane "detail-pane" "to the detail";
    NextPage "next-page" "next sub-tab";
    PreviousPage "previous-page" "previous sub-tab";
    Open "open" "open";
    Back "back" "one step back; never quits";
    Jump "jump" "from a call to its recording, from a recording to its calls";
    JumpBack "jump-back" "back to where a jump began";
    Filter "filter" "filter the list";
    ToggleFilter "toggle-filter" "filter off and on";
    Complete "complete" "complete; again: next";
    CompleteBack "complete-back" "complete; again: previous";
    Earlier "earlier" "what was typed before";
    Later "later" "what was typed after that";
    Find "find" "find a recording by a few letters";
    Palette "palette" "all commands, by name";
    Menu "menu" "what can be done with what is selected";
    Mark "mark" "mark, or take the mark away";
    Range "range" "mark from here on while moving";
    MarkAll "mark-all" "mark all that the filter shows";
    MarkNone "mark-none" "take all marks away";
    MarkOthers "mark-others" "invert marks";
    Delete "delete" "delete, after asking";
    Confirm "confirm" "confirm";
    Undo "undo" "undo the last change";
    Redo "redo" "redo the change undone last";
    Retag "retag" "change the match strategy";
    Tags "tags" "give tags, and take tags away";
    Rename "rename" "give it a name";
    Protect "protect" "protect it from delete and prune, or no longer";
    Compare "compare" "compare with another recording or call";
    Edit "edit" "edit the answer in an editor";
    Derive "derive" "make a recording that fails out of it";
    Duplicate "duplicate" "make a copy";
    Outside "outside" "open the body or picture in another program";
    Copy "copy" "copy a part of it";
    Fire "fire" "send its request to this proxy again";
    Rerecord "rerecord" "re-record, after asking";
    Reviews "reviews" "what waits for review";
    Accept "accept" "the new answer takes the old one's place";
    KeepBoth "keep-both" "both stay: the new one is another take";
    Reject "reject" "the new answer goes";
    Trash "trash" "what was deleted";
    Restore "restore" "bring it back from the trash";
    Compact "compact" "free the space of what was deleted long ago";
    Purge "purge" "empty the trash for good, after asking";
    Presets "presets" "preset queries";
    Fix "fix" "make it match: the fixes of a miss";
    RecordNow "record-now" "ask the upstream now, and keep its answer";
    Keep "keep" "make a recording of this call after the fact";
    Causes "causes" "misses by cause, or one by one";
    Follow "follow" "follow the newest call";
    Pause "pause" "stop the list, or let it go on";
    Clear "clear" "clear the list of calls; recordings stay";
    Mode "mode" "choose the proxy's mode";
    Sort "sort" "choose the column to sort by";
    Reverse "reverse" "reverse the order";
    Sheet "sheet" "pictures as a contact sheet, or the list";
    BodyView "body-view" "the body pretty, raw or in hex";
    Wrap "wrap" "wrap long lines, or scroll them";
    LoadAll "load-all" "load all of a long body";
    Picture "picture" "the picture on the whole screen";
    NextPicture "next-picture" "next picture";
    PreviousPicture "previous-picture" "previous picture";
    NextChange "next-change" "next change";
    PreviousChange "previous-change" "previous change";
    Swap "swap" "swap the two sides";
    MoreContext "more-context" "more equal lines around each change";
    LessContext "less-context" "fewer equal lines around each change";
    DifferenceMap "difference-map" "where two pictures differ, or the second one";
    Split "split" "side by side, or one below the other";
    Zoom "zoom" "the focused pane on the whole screen, and back";
    Mouse "mouse" "the mouse on or off; off, the terminal selects text";
    Help "help" "explain the keys";
    Redraw "redraw" "redraw";
    Suspend "suspend" "back to the shell; fg returns";
    Quit "quit" "quit (twice: at once)";
}

impl Action {
    /// The action with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_of_a_kind() {
        for (at, action) in Action::ALL.iter().enumerate() {
            assert_eq!(Action::named(action.name()), Some(*action));
            assert!(Action::ALL[at + 1..].iter().all(|other| other.name() != action.name()));
        }
    }
}
