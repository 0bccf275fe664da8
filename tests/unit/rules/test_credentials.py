"""Secrets: where they are, what they hold, and the certificates in them."""

from datetime import timedelta

import pytest

from istio_ingress import rules
from tests.unit.rules.build import check, gateway, https, names, pods, secret
from tests.unit.rules.material import NOW, ca_certificate, certificate, private_key, revocation_list

HOST = "shop.example"
SHOP = gateway("shop", https(HOST, credentialName="shop"))
MUTUAL = gateway("shop", https(HOST, credentialName="shop", mode="MUTUAL"))
PODS = pods(istio="ingressgateway")


def shop(namespace="istio-system", **values):
    return secret("shop", namespace, **{"tls_crt": certificate(HOST), "tls_key": private_key(HOST), **values})


def test_a_credential_is_looked_for_where_the_pods_run_and_not_where_the_gateway_is():
    assert names(SHOP, PODS, shop("istio-system")) == []
    assert names(SHOP, PODS, shop("shop")) == ["credential-namespace: shop/shop"]
    assert names(SHOP, PODS, shop("shop"), shop("istio-system")) == []


def test_settings_can_tell_where_the_pods_run():
    assert names(SHOP, shop("shop")) == []
    assert names(SHOP, shop("shop"), gateway_namespaces={"istio=ingressgateway": "istio-system"}) != []
    assert names(SHOP, shop("shop"), gateway_namespaces={"": "istio-system"}) != []
    assert names(SHOP, shop("shop"), gateway_namespaces={"istio=other": "istio-system"}) == []


def test_of_two_secrets_with_one_name_none_is_judged_while_the_pods_are_not_known():
    expired = shop("blog", tls_crt=certificate(HOST, days="-1"))

    assert names(SHOP, shop("shop"), expired) == []
    assert names(SHOP, expired) == ["certificate-expired: blog/shop"]
    assert names(SHOP, expired, pods(app="other"), complete=True) == ["gateway-selector-unmatched: shop/shop"]


def test_a_secret_without_a_namespace_may_be_in_the_right_one():
    assert names(SHOP, PODS, shop("")) == []
    assert names(SHOP, PODS, shop(""), namespace="shop") == ["credential-namespace: shop/shop"]


def test_a_secret_without_a_namespace_may_be_the_right_one_beside_another_of_its_name():
    assert names(SHOP, PODS, shop("shop")) == ["credential-namespace: shop/shop"]
    assert names(SHOP, PODS, shop("shop"), shop("")) == []


def test_a_secret_that_is_not_there_is_a_finding_only_where_nothing_else_can_be():
    other = secret("other")

    assert names(SHOP, PODS, other) == []
    (finding,) = check(SHOP, PODS, other, complete=True)
    assert finding.rule == "credential-absent"
    assert "there are: other" in finding.message


@pytest.mark.parametrize("mode", ["PASSTHROUGH", "AUTO_PASSTHROUGH"])
def test_a_credential_that_is_not_used_is_not_judged(mode):
    unused = gateway("shop", https(HOST, credentialName="istio/shop-cacert", mode=mode))

    assert names(unused) == ["tls-credential-unused: shop/shop"]


@pytest.mark.parametrize(
    ("mode", "length", "valid"),
    [("SIMPLE", 253, True), ("SIMPLE", 254, False), ("MUTUAL", 246, True), ("MUTUAL", 247, False)],
)
def test_a_credentials_name_leaves_room_for_the_cas(mode, length, valid):
    found = names(gateway("shop", https(HOST, credentialName="s" * length, mode=mode)))

    assert found == ([] if valid else ["credential-name-invalid: shop/shop"])


def test_a_gateway_api_reference_is_no_qualified_name():
    assert names(gateway("shop", https(HOST, credentialName="kubernetes-gateway://shop/shop-tls"))) == []


def qualified(*names):
    servers = [https(f"{at}.example", name=f"https-{at}", credentialName=name) for at, name in enumerate(names)]
    return gateway("shop", *servers)


def test_a_name_with_a_namespace_is_taken_where_that_is_the_one_of_the_pods():
    found = ["credential-name-qualified: shop/shop"]
    assert names(PODS, qualified("istio-system/shop")) == []
    assert names(PODS, qualified("kubernetes://istio-system/shop")) == []
    assert names(PODS, qualified("shop/shop")) == found
    assert names(qualified("shop/shop")) == found
    assert names(qualified("istio-system/shop")) == []  # where they run unless somebody says otherwise


def test_a_name_with_a_namespace_beside_the_bare_one_keeps_envoy_waiting():
    assert names(PODS, qualified("istio-system/shop", "shop")) == ["credential-name-qualified: shop/shop"]
    assert names(PODS, qualified("istio-system/shop", "blog")) == []


def test_both_formats_of_a_credential_are_read():
    generic = secret("shop", cert=certificate(HOST), key=private_key(HOST), cacert=ca_certificate("Clients"))

    assert names(MUTUAL, PODS, generic) == []
    assert names(MUTUAL, PODS, shop(ca_crt=ca_certificate("Clients"))) == []


def test_the_ca_may_be_in_a_secret_of_its_own_which_then_counts_alone():
    separate = secret("shop-cacert", cacert=ca_certificate("Clients"))
    empty = secret("shop-cacert", notes="none")

    assert names(MUTUAL, PODS, shop(), separate) == []
    assert names(MUTUAL, PODS, shop()) == ["mutual-ca-missing: shop/shop"]
    (finding,) = check(MUTUAL, PODS, shop(ca_crt=ca_certificate("Clients")), empty)
    assert finding.rule == "mutual-ca-missing"
    assert "is not read, because Secret istio-system/shop-cacert exists" in finding.message


def test_the_ca_of_several_credentials_comes_from_the_first():
    server = https("shop.example", mode="MUTUAL", credentialName="", credentialNames=["shop", "shop-rsa"])
    pair = {"tls_crt": certificate(HOST, key="RSA-2048"), "tls_key": private_key(HOST, "RSA-2048")}
    clients = ca_certificate("Clients")

    assert names(gateway("shop", server), PODS, shop(ca_crt=clients), secret("shop-rsa", **pair)) == []
    wrong = names(gateway("shop", server), PODS, shop(), secret("shop-rsa", ca_crt=clients, **pair))
    assert wrong == ["mutual-ca-missing: shop/shop"]


@pytest.mark.parametrize("key", ["RSA-2048", "RSA-3072", "P-256", "P-384", "P-521"])
def test_keys_that_envoy_takes(key):
    assert names(SHOP, shop(tls_crt=certificate(HOST, key=key), tls_key=private_key(HOST, key))) == []


@pytest.mark.parametrize(("key", "said"), [("RSA-1024", "RSA 1024"), ("P-224", "EC P-224"), ("Ed25519", "Ed25519")])
def test_keys_that_envoy_refuses(key, said):
    (finding,) = check(SHOP, shop(tls_crt=certificate(HOST, key=key), tls_key=private_key(HOST, key)))

    assert finding.rule == "certificate-key-refused"
    assert f"has the key {said}." in finding.message


@pytest.mark.parametrize(
    ("sans", "host", "covered"),
    [
        (["shop.example"], "shop.example", True),
        (["Shop.Example"], "shop.example", True),
        (["*.shop.example"], "www.shop.example", True),
        (["*.shop.example"], "*.shop.example", True),
        (["*.shop.example"], "shop.example", False),
        (["*.shop.example"], "a.b.shop.example", False),
        (["www.shop.example"], "*.shop.example", False),
        (["blog.example"], "*", True),
    ],
)
def test_subject_alternative_names_cover_a_host_as_clients_compare_them(sans, host, covered):
    pair = {"tls_crt": certificate(*sans), "tls_key": private_key(sans[0])}

    found = names(gateway("shop", https(host, credentialName="shop")), secret("shop", **pair))

    assert found == ([] if covered else ["certificate-host-uncovered: shop/shop"])


@pytest.mark.parametrize(
    ("days", "rule"),
    [
        ("21.5", None),
        ("21", "certificate-due"),
        ("0.1", "certificate-due"),
        ("0", "certificate-expired"),
        ("-0.1", "certificate-expired"),
    ],
)
def test_a_certificate_is_due_before_it_expires(days, rule):
    found = names(SHOP, shop(tls_crt=certificate(HOST, days=days)))

    assert found == ([f"{rule}: istio-system/shop"] if rule else [])


def test_the_days_that_must_be_left_can_be_set():
    assert names(SHOP, shop(tls_crt=certificate(HOST, days="60")), expiry_days=90) == [
        "certificate-due: istio-system/shop"
    ]
    assert names(SHOP, shop(tls_crt=certificate(HOST, days="1")), expiry_days=0) == []


def test_a_certificate_is_valid_from_its_first_moment():
    assert names(SHOP, shop(tls_crt=certificate(HOST, start="0"))) == []
    assert names(SHOP, shop(tls_crt=certificate(HOST, start="0.1"))) == ["certificate-not-yet-valid: istio-system/shop"]


def test_certificates_are_judged_for_the_moment_that_is_told():
    manifests = [SHOP, shop(tls_crt=certificate(HOST, days="100"))]

    later = rules.check(manifests, now=NOW + timedelta(days=101))

    assert [finding.rule for finding in later] == ["certificate-expired"]


def test_an_intermediate_that_has_expired_is_found_too():
    chain = certificate(HOST) + ca_certificate("Shop CA", days="-1")

    (finding,) = check(SHOP, shop(tls_crt=chain))

    assert finding.rule == "certificate-expired"
    assert "'CN=Shop CA'" in finding.message


def test_a_key_of_a_later_certificate_is_told_apart_from_a_strange_one():
    later = certificate("other.example") + certificate(HOST)

    found = {finding.rule: finding for finding in check(SHOP, shop(tls_crt=later))}

    assert "It belongs to a later one." in found["certificate-key-mismatch"].message


def test_an_encrypted_key_is_unreadable():
    locked = private_key(HOST).replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")

    (finding,) = check(SHOP, shop(tls_key=locked))

    assert finding.message.endswith("cannot use 'tls.key': it is an encrypted key.")


def test_a_bundle_of_several_authorities_is_good_while_one_is():
    old, new = ca_certificate("Old", days="-1"), ca_certificate("New")

    assert names(MUTUAL, shop(ca_crt=old + new)) == ["ca-bundle-due: istio-system/shop"]
    assert names(MUTUAL, shop(ca_crt=old)) == ["ca-bundle-expired: istio-system/shop"]


@pytest.mark.parametrize(
    ("bundle", "said"),
    [("x", "'ca.crt' is a text without '-----BEGIN CERTIFICATE-----'"), (certificate("client"), "is not a CA")],
)
def test_a_bundle_must_hold_authorities(bundle, said):
    (finding,) = check(MUTUAL, shop(ca_crt=bundle))

    assert finding.rule == "ca-bundle-invalid"
    assert said in finding.message


def test_the_revocation_list_beside_either_bundle_is_read():
    clients, stale = ca_certificate("Clients"), revocation_list("Clients", days="-1")
    generic = {"cert": certificate(HOST), "key": private_key(HOST), "cacert": clients}

    assert names(MUTUAL, shop(ca_crt=clients, ca_crl=stale)) == ["crl-stale: istio-system/shop"]
    assert names(MUTUAL, secret("shop", **generic, crl=stale)) == ["crl-stale: istio-system/shop"]
    assert names(MUTUAL, shop(ca_crt=clients, ca_crl="x")) == ["crl-stale: istio-system/shop"]


def test_a_certificate_for_two_servers_hosts_is_found_in_the_one_that_has_it():
    other = gateway("blog", https("blog.example", credentialName="blog"))
    both = secret("shop", tls_crt=certificate(HOST, "*.example"), tls_key=private_key(HOST))

    (finding,) = check(SHOP, other, both)

    assert finding.rule == "certificate-overlap"
    assert finding.name == "shop"
    assert "'*.example'" in finding.message
    assert "Gateway shop/blog" in finding.message


def test_the_same_certificate_in_two_secrets_is_shared():
    one, other = https("a.shop.example", credentialName="a"), https("b.shop.example", credentialName="b", name="b")
    pair = {"tls_crt": certificate("a.shop.example", "b.shop.example"), "tls_key": private_key("a.shop.example")}

    assert names(gateway("shop", one, other), secret("a", **pair), secret("b", **pair)) == [
        "certificate-shared: shop/shop"
    ]


def test_the_size_of_a_secret_counts_its_bytes_and_not_their_base64():
    def of(size):
        data = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "big"}, "data": {"x": "QUFB" * (size // 3)}}
        return names(data)

    assert of(1048575) == []
    assert of(1048578) == ["secret-size: /big"]


def test_of_two_pairs_in_a_secret_the_first_is_judged():
    ended, good = certificate(HOST, days="-1"), certificate(HOST)
    keys = {"key": private_key(HOST), "tls_key": private_key(HOST)}

    found = check(SHOP, secret("shop", cert=ended, tls_crt=good, **keys))
    assert {(one.rule, one.path) for one in found} == {
        ("certificate-expired", "stringData[cert]"),
        ("credential-two-formats", "stringData[tls.crt]"),
    }
    assert names(SHOP, secret("shop", cert=good, tls_crt=ended, **keys)) == [
        "credential-two-formats: istio-system/shop"
    ]


def test_of_two_bundles_in_a_secret_the_first_is_judged():
    good, ended = ca_certificate("Clients"), ca_certificate("Clients", days="-1")

    assert names(MUTUAL, shop(cacert=ended, ca_crt=good)) == ["ca-bundle-expired: istio-system/shop"]
    assert names(MUTUAL, shop(cacert=good, ca_crt=ended)) == []


GLUED = certificate(HOST).rstrip() + ca_certificate("Shop CA")


@pytest.mark.parametrize(
    ("values", "key", "why"),
    [
        ({"tls_crt": GLUED}, "tls.crt", "a text whose block 1 does not end with a line of its own"),
        (
            {"tls_crt": f"\ufeff{certificate(HOST)}"},
            "tls.crt",
            "a text in which '-----BEGIN CERTIFICATE-----' is not a line of its own",
        ),
        (
            {"tls_key": private_key(HOST).replace("\n", " ")},
            "tls.key",
            "a text whose block 1 does not end with a line of its own",
        ),
    ],
)
def test_what_python_would_read_and_envoy_does_not_is_unreadable(values, key, why):
    (finding,) = check(SHOP, shop(**values))

    assert (finding.rule, finding.path) == ("certificate-unreadable", f"stringData[{key}]")
    assert finding.message.endswith(f"cannot use {key!r}: it is {why}.")


def test_a_bundle_in_which_end_and_begin_share_a_line_refuses_every_client():
    glued = ca_certificate("One").rstrip() + ca_certificate("Two")
    (finding,) = check(MUTUAL, shop(ca_crt=glued))

    assert finding.rule == "ca-bundle-invalid"
    assert finding.message.endswith("'ca.crt' is a text whose block 1 does not end with a line of its own.")


@pytest.mark.parametrize(
    ("server", "values", "rule"),
    [
        (SHOP, {"tls_crt": f"{certificate(HOST)} {ca_certificate('Shop CA')}"}, "certificate-unreadable"),
        (MUTUAL, {"ca_crt": f"{ca_certificate('One')} {ca_certificate('Two')}"}, "ca-bundle-invalid"),
        (
            MUTUAL,
            {"ca_crt": ca_certificate("One"), "ca_crl": f"{revocation_list('One')} {revocation_list('Two')}"},
            "crl-stale",
        ),
    ],
    ids=["chain", "bundle", "lists"],
)
def test_a_block_that_envoy_passes_over_is_a_loss_although_it_loads_the_rest(server, values, rule):
    (finding,) = check(server, shop(**values))

    assert finding.rule == rule
    assert finding.message.startswith("Envoy passes over 1 of the blocks in ")


def test_a_bundle_is_not_read_as_a_chain():
    second = ca_certificate("Two", days="7").replace(" CERTIFICATE-", " TRUSTED CERTIFICATE-")

    assert names(MUTUAL, shop(ca_crt=ca_certificate("One") + second)) == ["ca-bundle-due: istio-system/shop"]


def test_an_intermediate_of_the_right_name_and_another_key_leads_nowhere():
    of_two_keys = ca_certificate("Shop CA", key="P-384")
    (finding,) = check(SHOP, shop(tls_crt=certificate(HOST) + of_two_keys))

    assert finding.rule == "certificate-chain-order"
    assert finding.message.endswith("after it comes 'CN=Shop CA' of another key.")


def test_of_several_lists_of_one_authority_the_newest_counts_and_every_authority_is_looked_at():
    clients = ca_certificate("One") + ca_certificate("Two")
    stale, current = revocation_list("One", days="-1", start="-40"), revocation_list("One")

    assert names(MUTUAL, shop(ca_crt=clients, ca_crl=stale + current + revocation_list("Two"))) == []
    assert names(MUTUAL, shop(ca_crt=clients, ca_crl=current + revocation_list("Two", days="-1"))) == [
        "crl-stale: istio-system/shop"
    ]
