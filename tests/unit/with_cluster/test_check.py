"""`istio-ingress check --with-cluster`: files and previews, held against what lives in their cluster."""

import json

import pytest

from istio_ingress import cli
from tests.unit.with_cluster.conftest import deployment, gateway

OWN = "pulumi-kubernetes-shop-dev-0123456789"
FAR = {"kubeconfig": "clusters: []\nfar: true\n", "namespace": "edge"}


def planned(*steps, provider="far", told=None):
    """What `pulumi preview --json --show-sames` prints of these operations on manifests."""
    urn = f"urn:pulumi:dev::shop::pulumi:providers:kubernetes::{provider}"
    made = [{"op": "create", "urn": urn, "newState": {"type": "pulumi:providers:kubernetes", "inputs": told or FAR}}]
    for operation, manifest in steps:
        state = {"type": "kubernetes:x:X", "provider": f"{urn}::some-id", "inputs": manifest}
        name = f"urn:pulumi:dev::shop::kubernetes:x:X::{manifest['metadata']['name']}"
        states = {"oldState": state} if operation == "delete" else {"newState": state}
        made.append({"op": operation, "urn": name, **states})
    return json.dumps({"steps": made, "changeSummary": {}})


@pytest.fixture
def check(tmp_path, capsys, monkeypatch):
    """Checks a text against the cluster; gives the exit code and both outputs."""
    monkeypatch.chdir(tmp_path)

    def run(text, *options):
        (tmp_path / "given.json").write_text(text)
        code = cli.main(["check", "--with-cluster", *options, "given.json"])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_a_host_that_lives_on_another_gateway_is_found(cluster, check):
    cluster.holds(deployment(), gateway("theirs", "shop.example"))
    code, out, err = check(planned(("create", gateway("ours", "shop.example", manager=OWN))))
    assert code == 1
    assert "host-conflict" in out
    assert "Gateway edge/theirs" in out
    assert "held against the cluster at https://cluster.test" in err


def test_a_port_that_speaks_another_protocol_there_is_found(cluster, check):
    cluster.holds(deployment(), gateway("theirs", "*", protocol="TCP", port=443))
    _, out, _ = check(planned(("create", gateway("ours", "shop.example"))))
    assert "port-protocol-conflict" in out


def test_what_is_wrong_among_the_others_is_not_ours(cluster, check):
    cluster.holds(deployment(), gateway("one", "shop.example"), gateway("two", "shop.example"))
    code, out, _ = check(planned(("create", gateway("ours", "blog.example"))))
    assert (code, out) == (0, "0 findings in 1 manifest\n")


@pytest.mark.parametrize("operation", ["same", "update"])
def test_what_the_stack_has_already_is_no_other(cluster, check, operation):
    cluster.holds(deployment(), gateway("ours", "shop.example", manager=OWN))
    code, _, _ = check(planned((operation, gateway("ours", "shop.example", manager=OWN))))
    assert code == 0


def test_what_the_update_takes_away_is_no_other(cluster, check):
    cluster.holds(deployment(), gateway("before", "shop.example", manager=OWN))
    moved = [("create", gateway("after", "shop.example", manager=OWN))]
    assert check(planned(*moved))[0] == 1
    assert check(planned(*moved, ("delete", gateway("before", "shop.example", manager=OWN))))[0] == 0


@pytest.mark.parametrize("manager", [None, "pulumi-kubernetes-blog-dev-9876543210"])
def test_a_name_that_is_taken_is_found(cluster, check, manager):
    cluster.holds(deployment(), gateway("web", "blog.example", manager=manager))
    code, out, _ = check(planned(("create", gateway("web", "shop.example", manager=OWN))))
    assert code == 1
    assert "resource-repeated" in out
    assert f"the cluster's, which {manager or 'somebody else'} writes" in out


def test_a_name_that_an_update_killed_before_its_end_has_taken_is_the_stacks_own(cluster, check):
    cluster.holds(deployment(), gateway("web", "shop.example", manager=OWN))
    assert check(planned(("create", gateway("web", "shop.example", manager=OWN))))[0] == 0


def service(*gateways):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "cart", "namespace": "cart"},
        "spec": {
            "hosts": ["cart.shop.example"],
            "gateways": list(gateways),
            "http": [{"directResponse": {"status": 404}}],
        },
    }


def test_a_gateway_that_is_not_there_is_found_once_all_could_be_read(cluster, check):
    cluster.holds(deployment(), gateway("front", "*.shop.example"))
    assert check(planned(("create", service("edge/front"))))[0] == 0
    _, out, _ = check(planned(("create", service("edge/frond"))))
    assert "virtualservice-gateway-m" in out
    cluster.denies({"gateways.networking.istio.io": []})
    code, _, err = check(planned(("create", service("edge/frond"))))
    assert code == 0
    assert "not read: gateways.networking.istio.io: gateways.networking.istio.io is forbidden" in err


@pytest.mark.parametrize(
    ("denied", "is_found"),
    [
        ({"pods": [], "ingresses.networking.k8s.io": []}, True),
        ({"services": []}, False),
        ({"serviceentries.networking.istio.io": []}, False),
    ],
)
def test_a_service_that_is_not_there_is_found_where_all_of_its_kind_may_be_listed(cluster, check, denied, is_found):
    cluster.holds(deployment(), gateway("front", "*.shop.example"))
    cluster.denies(denied)
    routes = service("edge/front")
    routes["spec"]["http"] = [{"route": [{"destination": {"host": "cart"}}]}]
    code, out, _ = check(planned(("create", routes)))
    assert (code, "There is no Service 'cart' in 'cart'; there are none at all." in out) == (int(is_found), is_found)


def namespaces(*names):
    every = ("default", "kube-node-lease", "kube-public", "kube-system", *names)
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in every]


def test_a_namespace_that_is_not_there_is_found(cluster, check):
    ours = gateway("ours", "shop.example")
    cluster.holds(deployment(), *namespaces("istio-system", "blog"))
    code, out, _ = check(planned(("create", ours), ("create", gateway("more", "blog.example"))))
    assert code == 1
    assert out.count("namespace-missing") == 1
    assert "The cluster has no namespace 'edge'." in out
    cluster.holds(deployment(), *namespaces("istio-system", "edge"))
    assert check(planned(("create", ours)))[0] == 0


def test_a_namespace_that_the_program_makes_need_not_be_there(cluster, check):
    cluster.holds(deployment(), *namespaces("istio-system"))
    made = namespaces("edge")[-1]
    assert check(planned(("create", made), ("create", gateway("ours", "shop.example"))))[0] == 0


def test_where_namespaces_may_not_be_listed_nothing_is_said_of_them(cluster, check):
    cluster.holds(deployment(), *namespaces())
    cluster.denies({"namespaces": []})
    code, out, err = check(planned(("create", gateway("ours", "shop.example"))))
    assert (code, "namespace" in out + err) == (0, False)


def test_where_a_kind_may_be_listed_only_in_a_namespace_it_is_read_there(cluster, check):
    cluster.holds(deployment(), gateway("theirs", "shop.example"))
    cluster.denies({"gateways.networking.istio.io": ["--namespace=edge"]})
    code, out, err = check(planned(("create", gateway("ours", "shop.example"))))
    assert code == 1
    assert "host-conflict" in out
    assert "not read: gateways.networking.istio.io but those of edge: " in err


def test_the_cluster_is_that_of_the_previews_provider(cluster, check):
    check(planned(("create", gateway("ours", "shop.example"))), "--context=elsewhere")
    assert {asked["kubeconfig"] for asked in cluster.asked} == {FAR["kubeconfig"]}
    assert not any("elsewhere" in " ".join(asked["words"]) for asked in cluster.asked)


UNKNOWN_PART = {"kubeconfig": {"clusters": [{"cluster": {"server": "https://04da6b54-80e4-46f7-96ec-b56ff0331ba9"}}]}}


@pytest.mark.parametrize("told", [{"namespace": "edge"}, {"kubeconfig": "[secret]"}, UNKNOWN_PART])
def test_the_current_context_is_never_taken_by_chance(cluster, check, told):
    text = planned(("create", gateway("ours", "shop.example")), told=told)
    code, _, err = check(text)
    assert code == 2
    assert "the provider 'far' of the preview does not say which cluster is meant; name it with --context or" in err
    assert check(json.dumps(gateway("ours", "shop.example")))[0] == 2
    cluster.holds(deployment())
    assert check(text, "--context=named")[0] == 0
    assert all("--context=named" in asked["words"] for asked in cluster.asked)


def test_secrets_are_not_asked_for(cluster, check):
    check(planned(("create", gateway("ours", "shop.example"))))
    assert not any("secret" in " ".join(asked["words"]).lower() for asked in cluster.asked)


def test_a_cluster_that_does_not_answer_is_one_sentence(check, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, err = check(planned(("create", gateway("ours", "shop.example"))))
    assert (code, out) == (2, "")
    assert err == "istio-ingress: the cluster was not read: kubectl is not on PATH.\n"


def test_a_cluster_that_is_named_for_nothing_is_refused(tmp_path, capsys):
    (tmp_path / "given.json").write_text("{}")
    assert cli.main(["check", "--context=named", str(tmp_path / "given.json")]) == 2
    assert "--kubeconfig and --context go with --with-cluster" in capsys.readouterr().err


def test_without_a_cluster_a_preview_is_judged_as_files_are(tmp_path, capsys):
    both = [("create", gateway("one", "shop.example")), ("create", gateway("two", "shop.example"))]
    (tmp_path / "given.json").write_text(planned(*both))
    assert cli.main(["check", str(tmp_path / "given.json")]) == 1
    assert "urn:pulumi:dev::shop::kubernetes:x:X::two: error host-conflict" in capsys.readouterr().out
