//! The examples of the command line's help and of its man page.

/// Command lines, each with what it does.
pub(crate) const EXAMPLES: &str = "\
Examples:
  retake demo                           see what it does, with nothing to set up
  retake                                the workbench, with the proxy on 127.0.0.1:4010
  retake serve --mode replay-or-error   the same proxy headless, for CI
  retake run --preset ci pytest         a command before a proxy of its own
  OPENAI_BASE_URL=http://127.0.0.1:4010/openai/v1 python app.py
  retake list --json | jq -r '.[].id'
  retake show rec_2jKx --image
  retake help keys                      all keys of the workbench";
