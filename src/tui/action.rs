//! What a key can mean.

/// Everything that a person can ask for. The keymap says which key asks for it, and explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// Scroll to the left.
    ScrollLeft,
    /// Scroll to the right.
    ScrollRight,
    /// Show the tab of this number, from 0.
    Tab(usize),
    /// The other pane.
    OtherPane,
    /// The list pane.
    ListPane,
    /// The detail pane.
    DetailPane,
    /// The next sub-tab.
    NextPage,
    /// The previous sub-tab.
    PreviousPage,
    /// Open what is selected, or choose.
    Open,
    /// Leave, close, clear: one step.
    Back,
    /// Back to where a jump began.
    JumpBack,
    /// From a call to its recording.
    Jump,
    /// Edit the filter.
    Filter,
    /// Filter on or off.
    ToggleFilter,
    /// Delete the selected recording, after asking.
    Delete,
    /// Confirm what is asked.
    Confirm,
    /// Take the last deletion back.
    Undo,
    /// Choose the proxy's mode.
    Mode,
    /// Follow the newest call.
    Follow,
    /// The picture on the whole screen.
    Picture,
    /// The next picture.
    NextPicture,
    /// The previous picture.
    PreviousPicture,
    /// The focused pane on the whole screen, or back.
    Zoom,
    /// Explain the keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Leave the program.
    Quit,
}
