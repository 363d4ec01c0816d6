"""Strings that break what is carelessly written. `zqx` in them is what is looked for afterwards."""

WORD = "zqxss"
MARK = "zqxmark"  # in headers: long enough that no token or signed cookie holds it by chance

SHORT = {
    "sql": "zqx'; DROP TABLE persons; SELECT set_config('caseflow.context','x',true); --",
    "html": f"zqx\"'><img src=x onerror={WORD}()><{WORD}></textarea></title><script>{WORD}()</script>",
    "template": "zqx{{ 7*7*7*7 }}zqx${7*7*7*7}zqx<%= 7*7*7*7 %>%(x)s{0}%s%n",
    "NUL": "zqx\x00zqx",
    "overlong": "zqx" + "ﷺ" * 13_000,
}
LONG = {
    "sql union": "zqx' UNION SELECT hash::text FROM passwords --",
    "sql number": "1 OR 1=1",
    "sql set": "zqx'; SET ROLE caseflow_owner; SET caseflow.context = 'x'; --",
    "sql escape": "zqx\\'; SELECT pg_sleep(0); --",
    "html svg": f"<svg/onload={WORD}()>",
    "html attribute": f'" autofocus onfocus={WORD}() x="',
    "html entity": f"&lt;script&gt;{WORD}()&lt;/script&gt;",
    "link": f"javascript:{WORD}()",
    "shell": "zqx; cat /etc/passwd | `id` $(id) && rm -rf /",
    "line ends": "zqx\r\nSet-Cookie: zqx=1\r\n\r\n<html>",
    "path": "../../../../etc/passwd",
    "path Windows": "..\\..\\windows\\win.ini",
    "bidi": "zqx\u202e\u2066gnp.exe\u2069\u200f\u200b",
    "surrogate": "zqx\ud800\udfff",
    "not UTF-8": "zqx\udcff\udcfe",
    "huge number": "9" * 400,
    "number too large": "9223372036854775808",
    "negative": "-1",
    "not a number": "NaN",
    "exponent": "1e999",
    "formula": '=HYPERLINK("http://zqx","zqx")',
    "formula at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "lonely combining": "\u0301" * 300,
    "emoji": "👩‍👩‍👧‍👦" * 20,
    "empty": "",
    "blank": " \t\u00a0\u3000 ",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "json": '{"$ne": null, "__proto__": {"zqx": 1}}',
    "xml": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "format": "{0.__class__.__mro__}",
    "date": "9999-12-31",
    "first date": "0001-01-01",
}
ALL = SHORT | LONG
NUMBERS = {name: LONG[name] for name in ("huge number", "number too large", "negative", "exponent", "date")}
MIXED = SHORT["html"] + SHORT["sql"] + SHORT["template"] + "\u202e\r\nzqx: 1"

HEADERS = {
    "Accept-Language": ["zqxmark'; --", "*;q=zqxmark", "ar-" + "x" * 5000, ",,,;;;q=q", "../../etc"],
    "Content-Type": [
        "application/json",
        "text/xml",
        "multipart/form-data",
        "multipart/form-data; boundary=zqxmark",
        "zqxmark/" * 999,
    ],
    "Cookie": ["caseflow=zqxmark", "caseflow=..", "caseflow=" + "A" * 9000, "caseflow=.eJw.zqxmark.zqxmark", "=;=;;;"],
    "Forwarded": ["for=zqxmark;host=evil.example;proto=https"],
    "HX-Current-URL": ["javascript:zqxmark()", "http://evil.example/"],
    "HX-Request": ["true", "zqxmark"],
    "HX-Target": ["zqxmark'\"><script>"],
    "HX-Trigger": ["zqxmark'\"><script>"],
    "Host": ["evil.example", "evil.example:99999", "localhost'--", "a b", "[::1", ""],
    "Origin": ["http://evil.example", "null"],
    "Range": ["bytes=0-99999999999999999999", "zqxmark"],
    "If-Modified-Since": ["zqxmark", "Thu, 99 Zqx 9999 99:99:99 GMT"],
    "If-None-Match": ['"zqxmark', "*"],
    "Referer": ["http://evil.example/", "javascript:zqxmark()", "x" * 9000],
    "User-Agent": ["zqxmark'; DROP TABLE users; --", "{{7*7*7*7}}", "\x7f\xff" * 300, "x" * 9000],
    "X-Forwarded-For": ["127.0.0.1", "zqxmark'; --", ", ,,", "::1" * 500],
    "X-Forwarded-Host": ["evil.example", "zqxmark'\"><script>"],
    "X-Forwarded-Prefix": ["/evil", "//evil.example"],
    "X-Forwarded-Proto": ["https", "javascript"],
    "X-HTTP-Method-Override": ["DELETE", "PUT"],
    "X-Organisation": ["zqxmark"],
    "X-Request-Id": ["zqxmark\tzqxmark", "'; SET caseflow.context = 'x' --"],
}
