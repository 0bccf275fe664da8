"""`istio-ingress.toml` beside the manifests holds settings, severities and waivers; the command line is above it."""

import pytest

from istio_ingress import cli

GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: %s, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["%s"]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Writes files into the working directory, and makes their folders."""
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    write("shop/gateway.yaml", GATEWAY % ("a.b", "shop.example"))
    return write


@pytest.fixture
def check(capsys):
    def run(*words):
        code = cli.main(["check", *words])
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


@pytest.mark.parametrize("file", ["istio-ingress.toml", "shop/istio-ingress.toml"])
@pytest.mark.parametrize("word", ["shop", "shop/gateway.yaml", "shop/*.yaml", "./shop/../shop"])
def test_it_is_found_beside_the_manifests_or_above_them(place, check, file, word):
    place(file, '[waivers]\n"gateway-name Gateway shop/a.b" = "renamed in May"\n')

    code, out, _ = check(word)

    assert (code, "Waived: renamed in May" in out) == (0, True)


def test_that_of_a_folder_comes_before_one_above_it(place, check):
    place("istio-ingress.toml", '[waivers]\ngateway-name = "above"\n')
    place("shop/istio-ingress.toml", '[waivers]\ngateway-name = "beside"\n')

    assert "Waived: beside" in check("shop")[1]
    assert "Waived: above" in check("--config", "istio-ingress.toml", "shop")[1]


def test_two_that_could_hold_are_one_sentence(place, check):
    place("blog/gateway.yaml", GATEWAY % ("blog", "blog.example"))
    place("shop/istio-ingress.toml", "")
    place("blog/istio-ingress.toml", "")

    assert check("shop", "blog") == (
        2,
        "",
        "istio-ingress: there are two files of settings, shop/istio-ingress.toml and blog/istio-ingress.toml; "
        "name the one that holds with --config\n",
    )


def test_severities_decide_what_fails(place, check):
    place("istio-ingress.toml", 'severities = {gateway-name = "warning"}\n')

    code, out, _ = check("shop")
    assert (code, "warning gateway-name" in out) == (1, True)
    assert check("--fail-on", "error", "shop")[0] == 0
    place("istio-ingress.toml", "")
    assert check("--fail-on", "error", "shop")[0] == 1


def test_settings_hold_and_the_command_line_is_above_them(place, check):
    place("shop/gateway.yaml", GATEWAY % ("web", "*"))
    place("istio-ingress.toml", 'production = true\nistio_version = "1.27"\n')

    assert "wildcard-host-in-production" in check("shop")[1]
    assert "istio_version is 'old'" in check("--istio-version", "old", "shop")[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("production = ", "istio-ingress.toml is not TOML: "),
        (f"waivers = {'[' * 3000}", "istio-ingress.toml is not read: it is nested too deeply"),
        ("produktion = true", "istio-ingress.toml: there is no setting 'produktion'; 'production' is one"),
        ("production = 'maybe'", "istio-ingress.toml: production is 'maybe'; it must be true or false"),
        ("[waivers]\ngateway-name = ''", "istio-ingress.toml: waivers: the waiver of gateway-name gives no reason"),
        ("[waivers]\ngateway-names = 'x'", "there is no rule 'gateway-names' to waive; 'gateway-name' is one"),
        ("[severities]\ngateway-name = 'off'", "the severity of gateway-name is 'off'; it must be error or warning"),
        ("[severities]\ngateway-names = 'error'", "there is no rule 'gateway-names' to grade; 'gateway-name' is one"),
        (
            "[waivers]\n'gateway-name shop' = 'x'",
            "is not a rule, or a rule and an object such as `gateway-name Gateway",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence(place, check, text, said):
    place("istio-ingress.toml", text)

    code, out, err = check("shop")

    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True), err


def test_a_file_that_is_named_and_not_there(place, check):
    assert check("--config", "no.toml", "shop") == (2, "", "istio-ingress: no.toml: No such file or directory.\n")


@pytest.mark.parametrize("words", [["."], ["--config", "istio-ingress.toml", "shop"]])
def test_one_that_does_not_hold_is_said(place, check, words):
    place("istio-ingress.toml", "")
    place("shop/istio-ingress.toml", "")

    assert "shop/istio-ingress.toml is not used: name it with --config" in check(*words)[2]
    assert "is not used" not in check("--config", "shop/istio-ingress.toml", "shop")[2]
