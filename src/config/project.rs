//! The place of a project: the nearest folder upwards that holds a store or a configuration.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::file::source::FILE;

/// The store's directory in a project's folder.
pub(crate) const STORE: &str = ".retake";

/// The folder whose store and configuration are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Project {
    /// Empty where it is the working directory.
    pub(crate) folder: PathBuf,
    /// A file or store above that is not used, because it is another user's.
    foreign: Option<PathBuf>,
}

impl Project {
    /// The project of the working directory.
    pub(crate) fn here() -> Self {
        let Ok(from) = std::env::current_dir() else { return Self::default() };
        let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
        let owner = |path: &Path| fs::symlink_metadata(path).map(|data| data.uid()).ok();
        let known = [Some(rustix::process::geteuid().as_raw()), owner(&from)];
        Self::of(&from, home.as_deref(), |marker| known.contains(&owner(marker)))
    }

    /// The nearest of `from` and the folders above it that holds a store or a configuration, below `home` and the root of
    /// the file system; without one `from` itself. What is above `from` must be `trusted`: `/tmp` is above many folders,
    /// and everybody can put a file there.
    fn of(from: &Path, home: Option<&Path>, trusted: impl Fn(&Path) -> bool) -> Self {
        for folder in from.ancestors() {
            if folder != from && Some(folder) == home {
                break;
            }
            let markers = [folder.join(STORE), folder.join(FILE)];
            let is = [markers[0].is_dir(), markers[1].is_file()];
            let found: Vec<_> =
                markers.iter().zip(is).filter(|(_, is)| *is).map(|(marker, _)| marker).collect();
            if folder == from && !found.is_empty() {
                break;
            }
            if let Some(foreign) = found.iter().find(|marker| !trusted(marker)) {
                return Self { foreign: Some((*foreign).clone()), ..Self::default() };
            }
            if !found.is_empty() {
                return Self { folder: folder.into(), foreign: None };
            }
            if Some(folder) == home {
                break;
            }
        }
        Self::default()
    }

    /// The sentence about it for somebody who uses its store, its configuration, or both.
    pub(crate) fn sentence(&self, store: bool, config: bool) -> Option<String> {
        if let Some(foreign) = self.foreign.as_ref().filter(|_| store || config) {
            return Some(format!(
                "{} belongs to another user and is not used; --store and --config name what is",
                foreign.display()
            ));
        }
        let config = config && self.folder.join(FILE).is_file();
        let used = match (store, config) {
            (true, true) => format!("{STORE} and {FILE}"),
            (true, false) => STORE.to_owned(),
            (false, true) => FILE.to_owned(),
            (false, false) => return None,
        };
        let elsewhere = !self.folder.as_os_str().is_empty();
        elsewhere.then(|| format!("{used} of the project in {}", self.folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_folder_with_a_store_or_a_file_is_the_project() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        let (project, sub) = (home.join("project"), home.join("project/a/b"));
        fs::create_dir_all(&sub).unwrap();
        let found = |from: &Path| Project::of(from, Some(&home), |_| true).folder;
        let nothing = PathBuf::new();
        assert_eq!(found(&sub), nothing);
        // What lies at home is no project of what lies below, and what is above it neither.
        fs::write(home.join(FILE), "").unwrap();
        fs::write(root.path().join(FILE), "").unwrap();
        assert_eq!((found(&sub), found(&home)), (nothing.clone(), nothing.clone()));
        fs::remove_file(home.join(FILE)).unwrap();
        assert_eq!(found(&home), nothing, "nothing above home is looked at");
        assert_eq!(Project::of(&sub, None, |_| true).folder, root.path());
        fs::create_dir(project.join(STORE)).unwrap();
        assert_eq!((found(&sub), found(&project)), (project.clone(), nothing.clone()));
        // The store and the file of one folder, never those of two.
        fs::write(project.join("a").join(FILE), "").unwrap();
        assert_eq!(found(&sub), project.join("a"));
        fs::write(sub.join(STORE), "a file is no store").unwrap();
        assert_eq!(found(&sub), project.join("a"));
        fs::create_dir(project.join("a/b/").join("c")).unwrap();
        assert_eq!(found(&sub.join("c")), project.join("a"));
    }

    #[test]
    fn what_another_user_left_above_is_named_and_not_used() {
        let root = tempfile::tempdir().unwrap();
        let sub = root.path().join("sub");
        fs::create_dir(&sub).unwrap();
        fs::write(root.path().join(FILE), "").unwrap();
        let strange = Project::of(&sub, None, |_| false);
        assert_eq!(strange.folder, PathBuf::new());
        assert!(strange.sentence(true, true).unwrap().contains("belongs to another user and is not used"));
        assert_eq!(Project::of(root.path(), None, |_| false), Project::default(), "one's own choice");
    }
}
