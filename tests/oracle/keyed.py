"""The secret key of 8.4: of pseudonyms, and of the fingerprints of 2.1."""

import hashlib
import hmac

STAND_KEY = b"instroom-cases-key-of-32-bytes-!"


def mac_of(message):
    return hmac.new(STAND_KEY, message, hashlib.sha256).hexdigest()
