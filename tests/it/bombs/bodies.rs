//! Bodies that become many times what was sent: decoded, searched, taken apart.

use std::io::Write as _;

use super::*;

const MIB: usize = 1 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_bombs_of_gzip_at_once() {
    let home = home();
    let bounded = Bounded::new(&home, &[]).await;
    let zeros = gzip(&vec![b'0'; 60 * MIB]);
    let bomb = |_| asking(&[("content-encoding", "gzip")], zeros.clone());
    missed(&bounded.stands(many(40, bomb)).await, "its content encoding cannot be decoded");
    // In layers it is smaller still.
    let twice = gzip(&zeros);
    let bomb = |_| asking(&[("content-encoding", "gzip, gzip")], twice.clone());
    missed(&bounded.stands(many(40, bomb)).await, "its content encoding cannot be decoded");
    // Text that becomes a hundred times as large is none, and all forty of it do not fit at once.
    let line = "the quick brown fox jumps over the lazy dog, and once more ".repeat(4 * MIB / 59);
    let bomb = |nth: usize| {
        let body =
            format!("{{\"model\":\"m{nth}\",\"messages\":[{{\"role\":\"user\",\"content\":\"{line}\"}}]}}");
        asking(&[("content-encoding", "gzip")], gzip(body.as_bytes()))
    };
    for reply in bounded.stands(many(40, bomb)).await {
        assert!(matches!(reply.status, 404 | 413), "{}", reply.status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_windows_of_zstd_at_once() {
    let home = home();
    let bounded = Bounded::new(&home, &[]).await;
    // A frame with a window of 128 MiB and one byte of content.
    let frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3, 0x09, 0, 0, b'x'];
    let bomb = |_| asking(&[("content-encoding", "zstd")], frame.clone());
    missed(&bounded.stands(many(40, bomb)).await, "its content encoding cannot be decoded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_bodies_of_addresses_at_once() {
    let home = home();
    let bounded = Bounded::new(&home, &[]).await;
    let addresses = "a@b.cc,".repeat(52_000);
    let bomb = |nth: usize| asking(&[("content-type", "text/plain")], format!("{nth} {addresses}"));
    let replies = bounded.stands(many(40, bomb)).await;
    assert!(replies.iter().any(|reply| reply.status == 404));
    for reply in replies {
        let text = String::from_utf8_lossy(&reply.body);
        let told = match reply.status {
            404 => "too much to be searched for secrets",
            _ => "BODIES_TOO_LARGE",
        };
        assert!(text.contains(told) && !text.contains("a@b.cc"), "{} {text}", reply.status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_megabytes_of_tiny_values() {
    let home = home();
    let bounded = Bounded::new(&home, &[]).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let parts = [("content-type", "multipart/mixed; boundary=z")];
    let keys: Vec<_> = (0..4000).map(|nth| format!("\"password\":\"k{nth}a1b2c3d4e5f60718\"")).collect();
    for (name, bomb, why) in [
        ("pairs", asking(&form, "a=&".repeat(4 * MIB / 3)), "too much to be searched"),
        ("lists", asking(&[], format!("[[]{}]", ",[]".repeat(4 * MIB / 3))), "its JSON has too many values"),
        ("numbers", asking(&[], format!("[[1]{}]", ",1".repeat(2 * MIB))), "its JSON has too many values"),
        ("members", asking(&[], format!("{{\"a\":1{}}}", ",\"\":1".repeat(4 * MIB / 5))), "too many values"),
        ("parts", asking(&parts, format!("{}--z--", "--z\n\n\n".repeat(4 * MIB / 6))), "too many parts"),
        ("depth", asking(&[], "[".repeat(4 * MIB)), "too much to be searched"),
        ("keys", asking(&[], format!("{{{}}}", keys.join(","))), "too much to be searched"),
    ] {
        let replies = bounded.stands(vec![bomb]).await;
        let text = String::from_utf8_lossy(&replies[0].body);
        assert!(replies[0].status == 404 && text.contains(why), "{name}: {} {text}", replies[0].status);
    }
}
