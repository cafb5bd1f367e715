#!/usr/bin/env bash
# Checks one saved request with bash and openssl; the body is standard input, byte for byte:
#   WEBHOOK_SECRET=whsec_… WEBHOOK_ID=… WEBHOOK_TIMESTAMP=… WEBHOOK_SIGNATURE='v1,…' ./verify.sh <body.json
# Exits 0 and says ok, or exits 1. The key is in openssl's arguments: a tool for your own machine, not a receiver.
set -euof pipefail
tolerance_s=300

refuse() {
  echo "refused: $1" >&2
  exit 1
}

[[ $WEBHOOK_TIMESTAMP =~ ^[0-9]{1,12}$ ]] || refuse 'the timestamp is not Unix seconds'
age_s=$(($(date +%s) - 10#$WEBHOOK_TIMESTAMP))
[ "${age_s#-}" -le "$tolerance_s" ] || refuse "the timestamp is $age_s s old"

# The key is the decoded rest of a secret with whsec_ before it, and the bytes of any other.
key_hex() {
  if [[ $WEBHOOK_SECRET == whsec_* ]]; then
    printf '%s' "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A
  else
    printf '%s' "$WEBHOOK_SECRET"
  fi | od -An -v -tx1 | tr -d ' \n'
}

expected="v1,$({
  printf '%s.%s.' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP"
  cat
} | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(key_hex)" -binary | openssl base64 -A)"

# While a secret is rotated there are two signatures; one that is right is enough.
for given in $WEBHOOK_SIGNATURE; do
  if [ "$given" = "$expected" ]; then
    echo ok
    exit 0
  fi
done
refuse 'no signature is right'
