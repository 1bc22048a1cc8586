"""What detect-secrets looks for in this repository beside its own rules (.secrets.baseline)."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class ZamPayDetector(RegexBasedDetector):
    """API keys, webhook secrets, and random hexadecimal keys of 32 or more characters."""

    secret_type = "ZamPay secret"  # noqa: S105
    denylist = (
        re.compile(r"zp_(?:test|live)_([0-9a-hjkmnp-tv-z]{48})"),
        re.compile(r"whsec_([A-Za-z0-9+/]{40,}=*)"),
        re.compile(r"(?i)(?:key|secret|token|password)[\"']?\s*[:=]\s*[\"']?([0-9a-f]{32,})\b"),
    )
