"""The map of the recorded cluster, of a broken one, and of a hundred hosts."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from istio_ingress.map import graph, mermaid, svg
from istio_ingress.map.graph import HOSTS, LISTENERS, PODS, ROUTES, SERVICES
from istio_ingress.map.layout import tops
from istio_ingress.map.mermaid import LONGEST_TEXT, MOST_LINES
from istio_ingress.map.text import fitted, shortened, width, wrapped
from istio_ingress.topology import (
    Backend,
    Entry,
    Health,
    Listener,
    ListenerCertificate,
    Pod,
    Route,
    Topology,
    Trouble,
)
from tests.unit.certificates import Authority

SVG = "{http://www.w3.org/2000/svg}"
BROKEN = Trouble("The certificate ended.", "Issue a new one.")


def way(number, *, service=None, troubles=(), redirected=False):
    """A host with its own listener, route and Service, as `TlsGateway` makes them."""
    name = f"team-{number:03}"
    listener = Listener(
        "Gateway shop/web",
        443,
        "HTTPS",
        "SIMPLE",
        certificates=[ListenerCertificate(f"istio-system/{name}-credential-1a2b3c4d", days_left=300)],
        troubles=list(troubles),
    )
    backend = service or Backend(
        f"Service shop/{name}", "8080", [Pod(f"{name}-7d9f8c6b5-abcde"), Pod(f"{name}-7d9f8c6b5-fghij")]
    )
    route = Route(f"VirtualService shop/web-{name}-shop-example", ("/api*", "/health"), [backend])
    entries = [Entry(f"{name}.shop.example", listener, [route])]
    if redirected:
        entries.append(Entry(f"{name}.shop.example", Listener("Gateway shop/web", 80, "HTTP", redirects=True)))
    return entries


def hundred(**options):
    return Topology(tuple(entry for number in range(100) for entry in way(number, **options)))


def texts(drawn):
    return [element.text for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def test_the_recorded_cluster_is_drawn_from_host_to_pod(patient):
    drawn = graph(patient.facts().topology)
    assert [box.titles for box in drawn.column(HOSTS)] == [
        ["helloworld.example.com"], ["httpbin.example.com"], ["mutual.example.com"], ["nginx.example.com"],
    ]  # fmt: skip
    mutual = next(box for box in drawn.column(LISTENERS) if box.titles == ["443 HTTPS MUTUAL"])
    assert mutual.details == [
        "Gateway default/mutual-mtls",
        "certificate mutual-credential, 299 days left",
        "client CA mutual-credential, 3649 days left",
    ]
    assert {box.titles[0] for box in drawn.column(ROUTES)} == {
        "/hello",
        "/status*, /delay*",
        "SNI nginx.example.com port 443",
    }
    assert [box.titles[0] for box in drawn.column(SERVICES)] == [
        "default/helloworld:5000",
        "default/httpbin:8000",
        "default/nginx:443",
    ]
    assert {box.titles[0] for box in drawn.column(PODS)} == {"1 of 1 ready"}
    assert drawn.summary == "4 hosts, all well"
    assert {box.health for box in drawn.boxes} == {Health.OK}


def test_mermaid_has_the_details_while_there_is_room(patient):
    text = mermaid(graph(patient.facts().topology))
    assert "certificate mutual-credential, 299 days left<br/>client CA mutual-credential, 3649 days left" in text


def test_of_a_chain_the_certificate_that_ends_first_is_counted(patient):
    below = Authority("intermediate", above=patient.authority, days=100)
    leaf = below.issue("httpbin.example.com", days=300)
    patient.secret("httpbin-credential", {"tls.crt": leaf.certificate + below.certificate, "tls.key": leaf.key})
    assert "certificate httpbin-credential, 99 days left" in mermaid(graph(patient.facts().topology))


def test_every_box_but_the_hosts_is_reached(patient):
    drawn = graph(patient.facts().topology)
    reached = {end for _, end in drawn.lines}
    assert {box for box in drawn.boxes if box.column != HOSTS} == reached
    assert all(start.column < end.column for start, end in drawn.lines)


def test_what_is_broken_is_red_with_its_reason_and_so_is_its_host(patient):
    patient.remove("Secret", "httpbin-credential")
    patient.find("EndpointSlice", "helloworld")["endpoints"] = []
    drawn = graph(patient.facts().topology)
    broken = {box.titles[0] for box in drawn.boxes if box.health is Health.BROKEN}
    assert broken == {"httpbin.example.com", "443 HTTPS SIMPLE", "helloworld.example.com", "default/helloworld:5000"}
    assert drawn.summary == "4 hosts, 2 broken"
    text, picture = mermaid(drawn), svg(drawn, "map")
    assert len(re.findall(r":::broken$", text, re.MULTILINE)) == 4
    assert picture.count('class="box broken"') == 4
    assert picture.count('class="line broken"') == 2
    assert "There is no Secret #quot;" not in text
    assert "There is no Secret 'httpbin-credential'" in text
    assert any("There is no Secret" in line for line in texts(picture))


def test_hosts_that_share_their_whole_way_share_a_box():
    (first,), (second,) = way(1), way(2)
    twin = Entry("twin.shop.example", first.listener, first.routes)
    drawn = graph(Topology((first, second, twin)))
    assert [box.titles for box in drawn.column(HOSTS)] == [
        ["team-001.shop.example", "twin.shop.example"],
        ["team-002.shop.example"],
    ]


def test_a_redirect_is_a_line_in_the_hosts_box_unless_something_is_wrong_with_it():
    plain, redirect = way(1, redirected=True)
    drawn = graph(Topology((redirect, plain)))
    (host,) = drawn.column(HOSTS)
    assert host.details == ["port 80: redirected to https"]
    assert [box.titles for box in drawn.column(LISTENERS)] == [["443 HTTPS SIMPLE"]]
    redirect.listener.troubles.append(BROKEN)
    assert len(graph(Topology((redirect, plain))).column(LISTENERS)) == 2


def test_a_host_without_a_listener_says_so():
    lost = Entry("lost.example", None, [], [Trouble("No server has it.")])
    drawn = graph(Topology((lost,)))
    (box,) = drawn.column(LISTENERS)
    assert (box.titles, box.health) == (["no listener"], Health.BROKEN)


def test_pods_that_wait_are_named_first_and_many_are_counted():
    pods = [Pod(f"pod-{number}") for number in range(5)] + [Pod("pod-9", "CrashLoopBackOff")]
    drawn = graph(Topology(tuple(way(1, service=Backend("Service shop/a", "80", pods)))))
    (box,) = drawn.column(PODS)
    assert box.titles == ["5 of 6 ready"]
    assert box.details == ["pod-9: CrashLoopBackOff", "pod-0", "pod-1", "and 3 more"]
    assert box.health is Health.WARNING


def test_what_could_not_be_seen_is_dashed():
    drawn = graph(Topology(tuple(way(1, service=Backend("api.example.com", "443", is_known=False)))))
    (box,) = drawn.column(SERVICES)
    assert (box.details, box.health) == (["not seen"], Health.UNKNOWN)
    assert ":::unknown" in mermaid(drawn)


@pytest.mark.parametrize("shared", [True, False])
def test_a_hundred_hosts_are_within_what_mermaid_draws_and_all_there(shared):
    service = Backend("Service shop/one", "80", [Pod("one-0")]) if shared else None
    drawn = graph(hundred(service=service, redirected=True))
    text = mermaid(drawn)
    assert len(text) <= LONGEST_TEXT
    assert text.count(" --> ") <= MOST_LINES
    assert all(f"team-{number:03}.shop.example" in text for number in range(100))


def test_a_hundred_hosts_in_red_lose_details_rather_than_the_picture():
    drawn = graph(hundred(troubles=[Trouble("The certificate in the Secret ended long ago. " * 5)]))
    text = mermaid(drawn)
    assert len(text) <= LONGEST_TEXT
    assert text.count(":::broken") == 200


def test_boxes_of_a_column_never_meet_and_lines_stay_short_at_a_hundred_hosts():
    drawn = graph(hundred(service=Backend("Service shop/one", "80", [Pod("one-0")])))
    heights = {box: 20.0 + 14 * len(box.details) for box in drawn.boxes}
    found = tops(drawn, heights, gap=9)
    for column in range(PODS + 1):
        stacked = sorted(drawn.column(column), key=lambda box: found[box])
        for above, below in pairwise(stacked):
            assert found[below] - found[above] >= heights[above] + 8.999
    middles = {box: found[box] + heights[box] / 2 for box in drawn.boxes}
    longest = max(abs(middles[start] - middles[end]) for start, end in drawn.lines)
    whole = max(found.values())
    assert longest < whole / 10
    assert whole < 100 * (max(heights.values()) + 9)


def test_hosts_keep_their_order_and_lines_to_listeners_do_not_cross():
    drawn = graph(hundred())
    found = tops(drawn, dict.fromkeys(drawn.boxes, 30.0), gap=9)
    hosts = [found[box] for box in drawn.column(HOSTS)]
    assert hosts == sorted(hosts)
    lines = [(found[start], found[end]) for start, end in drawn.lines if start.column == HOSTS]
    assert all((a[0] - b[0]) * (a[1] - b[1]) > 0 for a, b in combinations(lines, 2))


def test_text_stays_inside_its_box(patient):
    patient.remove("Secret", "httpbin-credential")
    picture = ElementTree.fromstring(svg(graph(patient.facts().topology), "map"))
    seen = 0
    for box in picture.iter(f"{SVG}g"):
        rect = box.find(f"{SVG}rect")
        left, top = float(rect.get("x")), float(rect.get("y"))
        right, bottom = left + float(rect.get("width")), top + float(rect.get("height"))
        for text in box.findall(f"{SVG}text"):
            size = 12 * 1.13 if text.get("class") == "title" else 10.5
            assert left < float(text.get("x"))
            assert float(text.get("x")) + width(text.text, size) < right
            assert top < float(text.get("y")) < bottom
            seen += 1
    assert seen > 30


def test_names_that_look_like_markup_are_text():
    (entry,) = way(1)
    entry.host = '<b>"&#'
    drawn = graph(Topology((entry,)))
    assert '<b>"&#' in texts(svg(drawn, "a < b"))
    (line,) = [line for line in mermaid(drawn).splitlines() if line.startswith("  h0[")]
    assert line == '  h0["#lt;b#gt;#quot;#amp;#35;"]'


def test_an_empty_cluster_is_an_empty_picture():
    drawn = graph(Topology(()))
    assert drawn.summary == "0 hosts, all well"
    assert ElementTree.fromstring(svg(drawn, "map")).tag == f"{SVG}svg"
    assert mermaid(drawn).startswith("flowchart LR")


def test_letters_are_as_wide_as_they_are():
    assert width("ill", 10) < width("abc", 10) < width("ABC", 10) < width("mmm", 10)
    assert width("abc", 20) == 2 * width("abc", 10)


def test_a_name_is_shortened_in_its_middle():
    assert shortened("web-httpbin-example-com-1a2b", 15) == "web-htt…om-1a2b"
    assert shortened("short", 15) == "short"
    assert width(fitted("m" * 50, 12, 100), 12) <= 100


def test_a_reason_is_wrapped_and_cut_with_a_mark():
    lines = wrapped("one two three four five six seven eight", 10, 60, most=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(width(line, 10) <= 60 for line in lines)
    assert wrapped("one two", 10, 600, most=2) == ["one two"]
