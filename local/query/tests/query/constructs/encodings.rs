use super::check;

#[tokio::test]
async fn bytes_are_encoded_and_digested() {
    check(&[
        ("to_utf8('abc')", "61 62 63"),
        ("from_utf8(to_utf8('Grüße'))", "Grüße"),
        ("to_hex(to_utf8('abc'))", "616263"),
        ("from_utf8(from_hex('616263'))", "abc"),
        ("to_base64(to_utf8('abc?'))", "YWJjPw=="),
        ("from_utf8(from_base64('YWJjPw=='))", "abc?"),
        ("to_base64url(to_utf8('??>'))", "Pz8-"),
        ("from_utf8(from_base64url('Pz8-'))", "??>"),
        ("to_hex(md5(to_utf8('abc')))", "900150983CD24FB0D6963F7D28E17F72"),
        ("to_hex(sha1(to_utf8('abc')))", "A9993E364706816ABA3E25717850C26C9CD0D89D"),
        ("lower(to_hex(sha256(to_utf8('abc'))))", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("substr(to_hex(sha512(to_utf8('abc'))), 1, 16)", "DDAF35A193617ABA"),
        ("crc32(to_utf8('abc'))", "891568578"),
        ("length(CAST(uuid() AS varchar))", "36"),
        ("concat(to_utf8('a'), to_utf8('b'))", "61 62"),
    ])
    .await;
}

#[tokio::test]
async fn addresses_are_taken_apart() {
    check(&[
        ("url_extract_host('https://shop.example.com:8443/a/b?x=1&y=2#top')", "shop.example.com"),
        ("url_extract_path('https://shop.example.com:8443/a/b?x=1&y=2#top')", "/a/b"),
        ("url_extract_query('https://shop.example.com:8443/a/b?x=1&y=2#top')", "x=1&y=2"),
        ("url_extract_fragment('https://shop.example.com:8443/a/b?x=1&y=2#top')", "top"),
        ("url_extract_protocol('https://shop.example.com:8443/a/b?x=1&y=2#top')", "https"),
        ("url_extract_port('https://shop.example.com:8443/a/b?x=1&y=2#top')", "8443"),
        ("url_extract_parameter('https://shop.example.com/a?x=1&y=a%20b', 'y')", "a b"),
        ("url_extract_parameter('https://shop.example.com/a?x=1', 'z')", "NULL"),
        ("url_extract_host('no address')", "NULL"),
        ("url_encode('a b&c')", "a+b%26c"),
        ("url_decode('a+b%26c')", "a b&c"),
    ])
    .await;
}
