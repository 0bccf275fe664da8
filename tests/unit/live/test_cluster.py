"""What kubectl is asked about the cluster."""

from istio_ingress.live import cluster, tools


def test_only_names_that_a_secret_can_have_are_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(tools, "kubectl_items", lambda *words: asked.append(words) or [])
    assert cluster.secrets("edge", ["web", "configmap://team/bundle", "web-cacert", "--all"]) == []
    assert [words[:3] for words in asked] == [("secrets", "web", "web-cacert")]
    cluster.secrets("edge", ["configmap://team/bundle"])
    assert len(asked) == 1
