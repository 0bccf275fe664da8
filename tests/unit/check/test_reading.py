"""Files are read as kubectl reads them, and every manifest knows its file and line."""

import json

import pytest

from istio_ingress import rules
from istio_ingress.check import reading
from istio_ingress.check.documents import UnreadableFileError


def read(text):
    return reading.manifests(reading.text_of(text) if isinstance(text, bytes) else text, "f")


def value(word):
    (manifest,) = read(f"a: {word}\n")
    return manifest["a"]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        *[(word, True) for word in ("y", "Y", "yes", "on", "ON", "true")],
        *[(word, False) for word in ("n", "no", "No", "off", "False")],
        *[(word, None) for word in ("", "~", "null", "NULL")],
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", 1000),
        ("0x1F", 31),
        ("017", 15),
        ("0o17", 15),
        ("-0b11", -3),
        ("08", 8.0),
        ("+1", 1),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775809", -9223372036854775809.0),
        ("1e400", "1e400"),
        *[(word, word) for word in ("2026-01-01", "12:30", "1.2.3.4", "0x", "yEs", "nO", "tRue", "=", "1.28-rc")],
        ("'no'", "no"),
        ('"1e3"', "1e3"),
        ("!!str 80", "80"),
        ("!!int '80'", 80),
        ("!!float 80", 80.0),
        ("!!binary aGk=", "hi"),
    ],
)
def test_a_word_is_what_it_is_to_kubectl(word, wanted):
    found = value(word)

    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    "word",
    [
        "!vault secret",
        "${HOST}",
        "'$(HOST)'",
        "x-$HOST",
        "'{{ .Values.host }}'",
        "'<path:team/shop#host>'",
        "ENC[AES256_GCM,data:c2hvcA==,type:str]",
        "cart.__HOST__",
        "app.<your-domain>",
        "<HOST>",
        "https://<your tenant>/keys",
        "YOUR_DOMAIN_HERE",
        "app.YOUR_DOMAIN.example",
        "REPLACE_ME",
        "FILL_HERE",
        "LS0tLS1CRUdJTi...",
        "'…, and so on…'",
    ],
)
def test_what_something_else_fills_in_is_not_known(word):
    assert value(word) is rules.UNKNOWN


@pytest.mark.parametrize(
    "word",
    [
        *(r"'^/a/(b|c)$'", "$1", "'a{2}'", "cost$", "'$(date +%s)'"),
        *("'/(?P<team>a|b)'", "'/(?<team>a|b)'", "a<b", "'<no value>'", "'app.<nil>'", "<>"),
        *("INSERT_BEFORE", "ISTIO_MUTUAL", "CHANGEME", "EXCHANGE_ALL", "__name__", "your_domain", "'...'", "a...b"),
    ],
)
def test_what_stands_for_itself_is_no_placeholder(word):
    assert value(word) == word.strip("'")


def test_keys_are_text_as_in_json():
    assert read("1: a\nno: b\n1.5: c\n.inf: d\n${X}: e\n") == [
        {"1": "a", "false": "b", "1.5": "c", ".inf": "d", "${X}": "e"}
    ]


@pytest.mark.parametrize("fields", ["'${KEY}': b", "'{{ .key }}': b", "a: 1, <KEY>: b", "<KEY>: b, a: 1"])
def test_of_a_mapping_with_a_key_that_is_filled_in_nothing_is_known(fields):
    assert read(f"labels: {{{fields}}}\n") == [{"labels": rules.UNKNOWN}]
    assert read(f"kind: List\nitems: [{{kind: Service, labels: {{{fields}}}}}, {{{fields}}}]\n")[0]["labels"] is (
        rules.UNKNOWN
    )


def test_tabs_stand_where_kubectl_takes_them():
    assert read("a:\t1\t# one\nb: {\n\tc:\t2\t}\n") == [{"a": 1, "b": {"c": 2}}]


@pytest.mark.parametrize(
    "data",
    [
        b"a: 1\r\n---\r\nb: 2\r\n",
        b"\xef\xbb\xbfa: 1\n---\nb: 2\n",
        "\ufeffa: 1\n---\nb: 2\n".encode("utf-16-le"),
        "\ufeffa: 1\r\n---\r\nb: 2\r\n".encode("utf-16-be"),
        b"# before\na: 1\n--- # between\nb: 2\n...\n---\n# nothing\n---\n",
    ],
)
def test_line_ends_encodings_and_empty_documents(data):
    assert read(data) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("text", ["", "\n", "# only\n", "---\n# a\n---\n# b\n", "\ufeff", "null\n", "{}"])
def test_a_file_may_hold_nothing(text):
    assert all(not manifest for manifest in read(text.encode()))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: 1\n---\n\n# comment\nb: 2\n", [1, 5]),
        ("kind: List\nitems:\n- kind: A\n  x: 1\n-\n  kind: B\n- {kind: C}\n", [3, 6, 7]),
        ("- kind: A\n- # second\n  kind: B\n", [1, 3]),
        (json.dumps({"kind": "List", "items": [{"kind": "A"}, {"kind": "B"}]}, indent=1), [4, 7]),
        ('{"a": 1}\n\n{"b": 2}{"c": 3}', [1, 3, 3]),
        ("one: &x [{kind: A}, {kind: B}]\nkind: List\nitems: *x\n", [1, 1]),
        ("kind: List\nitems: [{kind: A}]\nitems:\n- kind: B\n- kind: C\n", [4, 5]),
    ],
)
def test_every_manifest_has_its_line(text, lines):
    assert [manifest.origin for manifest in read(text)] == [f"f:{line}" for line in lines]


def test_the_items_of_a_typed_list_are_of_its_type():
    listed = {"apiVersion": "v1", "kind": "ServiceList", "items": [{"metadata": {"name": "a"}}]}

    assert read(json.dumps(listed)) == [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}]


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("a: 1\nb: {c: 1,\n  c: 2}\na: 3\n", [("b.c", 3), ("a", 4)]),
        ("kind: List\nitems:\n- a: 1\n- b:\n  - c: 1\n    c: 2\n", [("b[0].c", 6)]),
        ('{"kind": "List", "items": [{"a": 1},\n{"b": 1,\n"b": 2}]}', [("b", 2)]),
        ("base: &b {a: 1}\nx:\n  <<: *b\n  a: 2\n", []),
    ],
)
def test_a_key_that_comes_twice_is_noted_with_its_line(text, repeated):
    assert [one for manifest in read(text) for one in manifest.repeated] == repeated


def test_of_a_repeated_key_the_last_counts_and_a_merge_is_as_kubectl_does_it():
    text = "base: &b {a: 1, c: 1}\nother: &o {a: 2}\nx: {a: 0, <<: [*b, *o], c: 3, c: 4}\n"

    assert read(text)[0]["x"] == {"a": 1, "c": 4}


def test_json_that_only_json_can_be_is_read():
    assert read('{"a": "\\ud83d\\ude00",\n\t"b": 1e3}') == [{"a": "\U0001f600", "b": 1000.0}]


def test_yaml_may_begin_with_a_brace():
    assert read("{a: no}\n---\nb: 2\n") == [{"a": False}, {"b": 2}]


@pytest.mark.parametrize("levels", [7, 12])
def test_aliases_cannot_exhaust_the_reader(levels):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, levels):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"

    with pytest.raises(UnreadableFileError, match=r"line \d: its aliases stand for more than 400,000 values"):
        read(bomb)


def test_aliases_that_people_write_are_read():
    text = "base: &b {app: shop}\n" + "".join(f"s{number}: *b\n" for number in range(5000))

    assert read(text)[0]["s4999"] == {"app": "shop"}


def test_without_libyaml_the_same_is_read(monkeypatch):
    import yaml

    from istio_ingress.check import documents

    text = "a: &x [no, 1e3, '1']\nb: {<<: {c: 1}, d: *x}\n---\nkind: List\nitems:\n- e: 1\n"
    fast = read(text)
    monkeypatch.setattr(documents, "_Parser", yaml.SafeLoader)

    assert (read(text), [one.origin for one in read(text)]) == (fast, [one.origin for one in fast])
