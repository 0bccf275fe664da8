import pytest

from istio_ingress.live.address import IngressAddress, from_objects
from istio_ingress.live.errors import LiveError

PORTS = [
    {"name": "status-port", "port": 15021, "nodePort": 30021},
    {"name": "http2", "port": 80, "nodePort": 30080},
    {"name": "https", "port": 443, "nodePort": 30443},
    {"name": "tcp", "port": 31400, "nodePort": 30400},
]
PODS = [{"status": {}}, {"status": {"hostIP": "10.77.0.2"}}]


def service(ports=PORTS, ingress=None):
    status = {"loadBalancer": {"ingress": ingress} if ingress else {}}
    metadata = {"name": "istio-ingressgateway", "namespace": "istio-system"}
    return {"metadata": metadata, "spec": {"ports": ports}, "status": status}


def test_a_load_balancers_ip_comes_with_the_services_ports():
    found = from_objects(service(ingress=[{"ip": "192.0.2.7"}]), PODS)
    assert found == IngressAddress("192.0.2.7", {"http": 80, "https": 443, "tcp": 31400}, "load balancer ip")


def test_a_load_balancers_host_name_serves_where_it_has_no_ip():
    found = from_objects(service(ingress=[{"hostname": "lb.example.com"}]), [])
    assert (found.host, found.source) == ("lb.example.com", "load balancer hostname")


def test_without_a_load_balancer_the_gateway_pods_node_and_node_ports_are_used():
    found = from_objects(service(), PODS)
    assert (found.host, found.ports) == ("10.77.0.2", {"http": 30080, "https": 30443, "tcp": 30400})


def test_a_service_with_neither_is_a_sentence():
    without_node_ports = [{"name": "http2", "port": 80}]
    with pytest.raises(LiveError, match=r"^Service istio-system/istio-ingressgateway has no .* no node ports; give it"):
        from_objects(service(ports=without_node_ports), PODS)


def test_a_gateway_without_a_scheduled_pod_is_a_sentence():
    with pytest.raises(LiveError, match="no gateway pod is scheduled"):
        from_objects(service(), [{"status": {}}])
