<?php
// A receiver in PHP with nothing installed: php -S 127.0.0.1:4000 verify.php (WEBHOOK_SECRET)

const TOLERANCE_S = 300;

/** The decoded rest of a secret with whsec_ before it, and the bytes of any other. */
function key_of(string $secret): string
{
    return str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6)) : $secret;
}

/** Whether the request is Posthorn's and fresh. $body is the bytes that came, never json_encode(json_decode(...)). */
function verify(string $id, string $timestamp, string $signatures, string $body, string $secret): bool
{
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_S) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", key_of($secret), true));
    // While a secret is rotated there are two signatures; one that is right is enough.
    foreach (explode(' ', $signatures) as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$body = file_get_contents('php://input');
$signatures = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
if (!verify($id, $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '', $signatures, $body, getenv('WEBHOOK_SECRET'))) {
    http_response_code(401);
    exit;
}
// Put it into your queue or database under $id, which is unique there, and answer; the work comes later.
error_log("handled $id " . json_decode($body)->event_type);
http_response_code(204);
