"""`istio-ingress ask` as a person runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from istio_ingress import cli
from tests.unit.doctor.patient import RECORDED

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "ask.md").read_text()
(SHOP,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(SESSION,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


FILE = ["-f", "shop.yaml"]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The page's example, in a folder of its own."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(capsys):
    def run(*words):
        try:
            code = cli.main(["ask", *words])
        except SystemExit as left:
            code = left.code
        return code, *capsys.readouterr()

    return run


def answered(ask, *words):
    code, said, trouble = ask("--json", *words)
    assert trouble == ""
    return code, json.loads(said)


def test_the_page_shows_what_it_says(shop, ask):
    parts = SESSION.split("$ istio-ingress ")[1:]
    assert len(parts) == 2
    for part in parts:
        command, _, shown = part.partition("\n")
        assert ask(*command.split()[1:])[1] == shown


def test_shares_and_what_all_have_in_common_are_json(shop, ask):
    code, said = answered(ask, "-f", "shop.yaml", "http://cart.shop.example/api/items?x=1")
    assert code == 0
    common = {key: said[key] for key in ("status", "by", "service", "port", "path", "location", "refused")}
    assert common == {
        "status": None, "by": "backend", "service": None, "port": 8080, "path": "/items?x=1", "location": None,
        "refused": None,
    }  # fmt: skip
    assert [(one["share"], one["service"]) for one in said["answers"]] == [(0.9, "shop/cart"), (0.1, "shop/cart-next")]
    assert said["steps"][-1] == {
        "object": "Service shop/cart-next", "path": "", "says": "port 8080 answers", "origin": "shop.yaml:30",
    }  # fmt: skip


def test_a_redirect_answers(shop, ask):
    code, said = answered(ask, "-f", "shop.yaml", "cart.shop.example/old?x=1", "-X", "POST")
    assert (code, said["by"], said["status"]) == (0, "gateway", 301)
    assert said["location"] == "http://cart.shop.example/new?x=1"
    assert "answers" not in said


@pytest.mark.parametrize(
    ("words", "status", "refused"),
    [
        (["http://cart.shop.example/nothing"], 404, None),
        (["http://cart.shop.example/api/x", "-H", "Host: other.example"], 404, None),
        (["https://cart.shop.example/api/x"], None, "handshake"),
    ],
)
def test_no_route_and_no_server_are_exit_code_1(shop, ask, words, status, refused):
    code, said = answered(ask, "-f", ".", *words)
    assert (code, said["status"], said["refused"]) == (1, status, refused)


def test_what_cannot_be_known_is_exit_code_2(shop, ask):
    (shop / "older.yaml").write_text(
        SHOP.replace("name: cart,", "name: other,", 1).replace("redirect: {uri: /new}", "redirect: {uri: /else}")
    )
    code, said = answered(ask, "-f", ".", "http://cart.shop.example/old")
    assert code == 2
    both = "VirtualService shop/cart and VirtualService shop/other both take it"
    assert said["unknown"] == f"{both}, and it is not known which is older"


def test_curls_words_change_the_request(shop, ask):
    text = SHOP.replace("{uri: {prefix: /old}}", "{headers: {x-tier: {exact: gold}}, method: {exact: PUT}}")
    (shop / "shop.yaml").write_text(text)
    words = ["-f", "shop.yaml", "http://127.0.0.1/api/x", "-H", "Host: cart.shop.example"]
    assert answered(ask, *words, "-X", "PUT", "-H", "X-Tier: gold")[1]["status"] == 301
    assert answered(ask, *words, "-X", "PUT", "-H", "x-tier;")[1]["by"] == "backend"
    assert answered(ask, *words, "-H", "x-tier: gold")[1]["by"] == "backend"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-f", "none.yaml", "http://a.example"], "cannot read none.yaml: No such file or directory"),
        (["-f", "broken.yaml", "http://a.example"], "cannot read broken.yaml: line 2"),
        ([*FILE, "ftp://a.example"], "'ftp://a.example' is no URL of a gateway; https://shop.example/cart is one."),
        ([*FILE, "http://a.example:port"], "'http://a.example:port' is no URL; https://shop.example/cart is one."),
        ([*FILE, "http://a.example", "-H", "x-tier"], "-H 'x-tier' is no header; write it as 'name: value'."),
        ([*FILE, "http://a.example", "-X", "G T"], "the method 'G T' cannot be sent; one is a word, such as GET."),
        (FILE, "a URL is missing, such as https://shop.example/cart; or the file is, after -f."),
        (["-f", "shop.yaml", "--preview", "p.json", "http://a.example"], "-f and --preview exclude each other."),
        (["--preview", "shop.yaml", "http://a.example"], "this is not what `pulumi preview"),
    ],
)  # fmt: skip
def test_wrong_words_are_one_sentence(shop, ask, words, sentence):
    (shop / "broken.yaml").write_text("a: [")
    code, said, trouble = ask(*words)
    assert (code, said) == (2, "")
    assert sentence in trouble
    assert "Traceback" not in trouble


def test_a_file_of_a_folder_that_cannot_be_read_is_said(shop, ask):
    (shop / "broken.yaml").write_text("kind: [")
    (shop / "values.yaml").write_text("replicas: 3\n")
    code, _, trouble = ask("-f", ".", "http://cart.shop.example/old")
    assert code == 0
    assert "cannot read broken.yaml: line 2" in trouble


def test_a_preview_is_asked(ask):
    words = ["--preview", str(RECORDED / "preview.json"), "--namespace", "default"]
    code, said = answered(ask, *words, "http://httpbin.example.com/status/200")
    assert (code, said["service"], said["port"], said["path"]) == (0, "default/httpbin", 8000, "/status/200")
    code, said = answered(ask, *words, "https://httpbin.example.com/status/200")
    assert (code, said["service"]) == (0, "default/httpbin")
    assert "credentialName is not known yet: taken for a Secret that is there" in said["steps"][2]["says"]
    code, said = answered(ask, *words, "https://mutual.example.com/status/200")
    assert (code, said["refused"]) == (1, "handshake")


def test_a_cluster_is_asked_by_default(ask, cluster):
    code, said = answered(ask, "http://httpbin.example.com/status/200")
    assert (code, said["service"]) == (0, "default/httpbin")
    assert [one for one in cluster.asked("kubectl get secrets") if "--all-namespaces" in one] == []


def test_ten_thousand_objects_are_read_from_standard_input():
    objects = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}", "namespace": "shop"},
         "spec": {"ports": [{"port": 80}]}} for number in range(10_000)
    ]  # fmt: skip
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    command = [sys.executable, "-m", "istio_ingress", "ask", "-f", "-", "http://a.example/"]
    done = subprocess.run(command, cwd=REPOSITORY, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
