"""PEM as people and tools come to spell it: tables and a generator, for our reader here and for an Envoy end to end."""

import base64
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization

from istio_ingress.x509 import BUNDLE, CHAIN, KEY, REVOCATION_LISTS, Kind
from tests.unit.certificates import Authority

ROOT = Authority("root", days=3650)
MIDDLE = Authority("middle", above=ROOT, days=3650)
LEAF = MIDDLE.issue("shop.test")


def traditional(key: str) -> str:
    """The key in the form of its own algorithm, as older tools write it."""
    loaded = serialization.load_pem_private_key(key.encode(), password=None)
    return loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


TEXTS: dict[Kind, list[str]] = {
    CHAIN: [LEAF.certificate + MIDDLE.certificate],
    KEY: [LEAF.key, traditional(LEAF.key)],
    BUNDLE: [ROOT.certificate + MIDDLE.certificate],
    REVOCATION_LISTS: [ROOT.revocations() + MIDDLE.revocations()],
}


@dataclass(frozen=True)
class Spelling:
    """A way to spell PEM, what becomes of it in a Secret, and what of it where a person gives it to a component."""

    spell: Callable[[str], str]
    envoy: bool
    """Whether Envoy reads all of it."""
    given: bool
    """Whether it is taken."""


def _relabelled(label: str) -> Callable[[str], str]:
    return lambda text: text.replace(" CERTIFICATE-", f" {label}-")


def _wrapped(width: int) -> Callable[[str], str]:
    """With lines of this length."""

    def spell(text: str) -> str:
        def again(block: re.Match[str]) -> str:
            digits = block[2].replace("\n", "")
            lines = [digits[start : start + width] for start in range(0, len(digits), width)]
            return "\n".join([block[1], *lines, block[3]])

        return re.sub(r"(-----BEGIN [^-]+-----)([^-]+)(-----END [^-]+-----)", again, text)

    return spell


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


SPELLINGS = {
    "as openssl writes it": Spelling(str, envoy=True, given=True),
    "CRLF": Spelling(lambda text: text.replace("\n", "\r\n"), envoy=True, given=True),
    "no newline at the end": Spelling(str.rstrip, envoy=True, given=True),
    "spaces behind the lines": Spelling(lambda text: text.replace("\n", "  \n"), envoy=True, given=True),
    "text before and between the blocks": Spelling(
        lambda text: text.replace("-----BEGIN", "Bag Attributes\n    friendlyName: shop\n-----BEGIN"), True, True
    ),
    "text behind": Spelling(lambda text: f"{text}that was all\n", envoy=True, given=True),
    "commented": Spelling(lambda text: f"# of the shop\n{text}", envoy=True, given=True),
    "an empty line behind BEGIN": Spelling(lambda text: re.sub(r"(BEGIN [^-]+-----\n)", r"\1\n", text), True, True),
    "empty lines before and behind": Spelling(lambda text: f"\n\n{text}\n\n", envoy=True, given=True),
    "lines of 76": Spelling(_wrapped(76), envoy=True, given=True),
    "lines of 4": Spelling(_wrapped(4), envoy=True, given=True),
    "one long line": Spelling(_wrapped(9999), envoy=True, given=True),
    "tabs in the lines": Spelling(lambda text: re.sub(r"\n(?=[A-Za-z0-9])", "\n\t", text), envoy=True, given=True),
    "spaces for newlines": Spelling(lambda text: text.replace("\n", " "), envoy=False, given=True),
    "tabs for newlines": Spelling(lambda text: text.replace("\n", "\t"), envoy=False, given=True),
    "only CR": Spelling(lambda text: text.replace("\n", "\r"), envoy=False, given=True),
    "newlines as JSON writes them": Spelling(lambda text: text.replace("\n", "\\n"), envoy=False, given=True),
    "no newlines": Spelling(lambda text: text.replace("\n", ""), envoy=False, given=True),
    "indented": Spelling(_indented, envoy=False, given=True),
    "a byte order mark": Spelling(lambda text: f"\ufeff{text}", envoy=False, given=True),
    "in quotes": Spelling(lambda text: f'"{text.rstrip()}"', envoy=False, given=True),
    "a label before it": Spelling(lambda text: f"pem: {text}", envoy=False, given=True),
    "an empty line in the middle": Spelling(
        lambda text: re.sub(r"(\n[^-\n]{64}\n)(?=[^-])", r"\1\n", text), envoy=False, given=True
    ),
    "quoted as mail": Spelling(_quoted, envoy=False, given=False),
    "four dashes": Spelling(lambda text: text.replace("-----BEGIN", "----BEGIN"), envoy=False, given=False),
    "dashes of a word processor": Spelling(lambda text: text.replace("--", "\u2013"), envoy=False, given=False),
    "small letters": Spelling(
        lambda text: re.sub("-----[A-Z0-9 ]+-----", lambda mark: mark[0].lower(), text), envoy=False, given=False
    ),
    "cut short": Spelling(lambda text: text[:-60], envoy=False, given=False),
    "the END of something else": Spelling(lambda text: re.sub("END [A-Z0-9 ]+", "END OTHER", text), False, False),
    "headers": Spelling(lambda text: re.sub(r"(BEGIN [^-]+-----\n)", r"\1Name: shop\n\n", text), False, False),
    "not base64": Spelling(lambda text: re.sub(r"\n[A-Za-z0-9]", "\n!", text), envoy=False, given=False),
    "nothing in the blocks": Spelling(lambda text: re.sub(r"-----\n[^-]+", "-----\n", text), False, False),
    "base64 of it": Spelling(lambda text: base64.b64encode(text.encode()).decode(), envoy=False, given=False),
    "white space": Spelling(lambda _: " \n", envoy=False, given=False),
}

#: Those that only mean something between two blocks, or with the label of certificates.
OF_CHAINS = {
    "END and BEGIN on one line": Spelling(lambda text: text.replace("-\n-", "--"), envoy=False, given=True),
    "lines of 253": Spelling(_wrapped(253), envoy=False, given=True),
    "X509 CERTIFICATE": Spelling(_relabelled("X509 CERTIFICATE"), envoy=True, given=True),
    "TRUSTED CERTIFICATE, the first": Spelling(
        lambda text: text.replace(" CERTIFICATE-", " TRUSTED CERTIFICATE-", 2), envoy=True, given=True
    ),
    "a key, too": Spelling(lambda text: text + LEAF.key, envoy=True, given=True),
    "the second has no END": Spelling(lambda text: text.rstrip()[:-25], envoy=False, given=False),
}

# None that base64 has: what is in the blocks stays what it is, or is no base64 any more.
_INSERTED = (" ", "\n", "\n\n", "\r\n", "\t", "-", "=", ":", "\ufeff", "\u00a0", "\u2013", "\x00", "\x0b", "#")


def generated(kind: Kind, seed: int) -> str:
    """A text of a kind, spelled in two ways at once and with a sign too many."""
    chance = random.Random(seed)
    text = chance.choice(TEXTS[kind])
    ways = [*SPELLINGS.values(), *(OF_CHAINS.values() if kind in (CHAIN, BUNDLE) else ())]
    for way in chance.sample(ways, chance.randint(0, 2)):
        text = way.spell(text)
    for _ in range(chance.randint(0, 2)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(_INSERTED) + text[at + chance.randint(0, 1) :]
    return text
