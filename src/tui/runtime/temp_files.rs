//! Files for other programs, and the programs: what is copied, what is opened outside.
//!
//! Nothing recorded is ever run: files get a name from a list of harmless endings and no right to be executed, and the
//! programs are started without a shell.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::reading::sanitize;

/// The most time for a program to put text on the clipboard.
const PATIENCE: Duration = Duration::from_secs(5);

/// A private folder that is gone when this is dropped, made when the first file is.
#[derive(Debug, Default)]
pub(crate) struct TempFiles {
    folder: Option<TempDir>,
    count: usize,
}

impl TempFiles {
    /// Writes a file that only we can read, named `NAME-1.ENDING`.
    pub(crate) fn write(&mut self, name: &str, ending: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        if self.folder.is_none() {
            let private = Permissions::from_mode(0o700);
            self.folder = Some(tempfile::Builder::new().prefix("retake-").permissions(private).tempdir()?);
        }
        let Some(folder) = &self.folder else { return Err(io::ErrorKind::NotFound.into()) };
        self.count += 1;
        // A folder of its own for each: a viewer that lists the neighbours shows none.
        let own = folder.path().join(self.count.to_string());
        DirBuilder::new().mode(0o700).create(&own)?;
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let path = own.join(format!("{name}.{ending}"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(bytes)?;
        Ok(path)
    }
}

/// The ending of a file with this content, from its first bytes and else its media type. What a browser or a shell would
/// run is text.
pub(crate) fn ending(bytes: &[u8], content_type: &str) -> &'static str {
    let media_type = crate::wire::sniff::sniff(bytes).unwrap_or(content_type);
    match &*crate::model::media_type(media_type) {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/heic" => "heic",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "audio/flac" => "flac",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/mp4" => "m4a",
        "video/webm" => "webm",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "application/pdf" => "pdf",
        "application/json" => "json",
        _ if std::str::from_utf8(bytes).is_ok() => "txt",
        _ => "bin",
    }
}

/// Starts a program that shows a file, and does not wait for it.
pub(crate) fn open(command: &[String], path: &std::path::Path) -> Result<String, String> {
    let system = if cfg!(target_os = "macos") { "open" } else { "xdg-open" }.to_owned();
    let (program, arguments) = command.split_first().unwrap_or((&system, &[]));
    let child = Command::new(program)
        .args(arguments)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Neither Ctrl-C here nor our end is its business.
        .process_group(0)
        .kill_on_drop(false)
        .spawn();
    match child {
        Ok(mut child) => {
            // Somebody has to hear of its end, or a dead process stays in the table.
            tokio::spawn(async move { child.wait().await });
            Ok(program.clone())
        }
        Err(error) => Err(format!(
            "{} cannot be started: {error}; name another program with open = \"…\" in retake.toml",
            sanitize(program)
        )),
    }
}

/// Hands text to a program that puts it on the clipboard.
pub(crate) async fn copy(command: &[String], text: &str) -> Result<String, String> {
    let (program, arguments) = command.split_first().ok_or("no program is named")?;
    let failed = |what: String| format!("{} {what}; see copy = \"…\" in retake.toml", sanitize(program));
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = child.map_err(|error| failed(format!("cannot be started: {error}")))?;
    let given = async {
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes()).await?;
        }
        child.wait().await
    };
    match timeout(PATIENCE, given).await {
        Ok(Ok(status)) if status.success() => Ok(program.clone()),
        Ok(Ok(status)) => Err(failed(format!("failed: {status}"))),
        Ok(Err(error)) => Err(failed(format!("did not take the text: {error}"))),
        Err(_) => Err(failed("did not end in time".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_gone_at_the_end() {
        let mut outbox = TempFiles::default();
        let one = outbox.write("../../rec_a;rm", "png", b"x").unwrap();
        let other = outbox.write("rec_a", "png", b"y").unwrap();
        assert_ne!(one, other);
        assert_eq!(one.file_name().unwrap(), "rec_arm.png");
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&one), mode(one.parent().unwrap())), (0o600, 0o700));
        assert_eq!(mode(one.parent().unwrap().parent().unwrap()), 0o700);
        drop(outbox);
        assert!(!one.exists() && !other.exists());
    }

    #[test]
    fn nothing_that_runs_gets_an_ending_that_runs() {
        for (bytes, kind, wanted) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "text/html", "png"),
            (b"<html><script>", "text/html", "txt"),
            (b"<svg onload=x>", "image/svg+xml", "txt"),
            (b"#!/bin/sh", "application/x-sh", "txt"),
            (b"[Desktop Entry]", "application/x-desktop", "txt"),
            (b"{}", "application/json; charset=utf-8", "json"),
            (b"\x7fELF\xff", "application/octet-stream", "bin"),
        ] {
            assert_eq!(ending(bytes, kind), wanted);
        }
    }

    #[tokio::test]
    async fn programs_get_the_text_and_their_failure_is_told() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copied");
        let command = words(&format!("tee {}", file.display()));
        assert_eq!(copy(&command, "a\n'b' $c").await, Ok("tee".into()));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\n'b' $c");
        assert!(copy(&words("false"), "").await.unwrap_err().contains("retake.toml"));
        assert!(copy(&words("retake-no-such-program"), "").await.unwrap_err().contains("cannot be started"));
    }
}
