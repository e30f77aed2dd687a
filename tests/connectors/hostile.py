"""Text as a CRM may hold it, from people who mean no good and from forms that check nothing."""

HOSTILE = [
    "<!channel> everybody",
    "<@U0VICTIM> look",
    "<https://evil.example|Sign in here>",
    "*bold* _italic_ ~gone~ `code` ```fence",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">',
    "=cmd|' /C calc'!A0",
    "Ann\r\nBcc: everyone@evil.example",
    "nul\x00byte, bell\x07, escape\x1b[31m",
    "abc\u202egnp.exe",
    "{{{API_KEY}}} {{LAST_NAME}}",
    "&lt;b&gt; &amp; & co",
    "x" * 10_000,
    "<" * 10_000,
    "\N{PILE OF POO}" * 5_000,
    "\ud800 half a character",
    "",
    " \t\r\n ",
]
