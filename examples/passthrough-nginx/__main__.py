"""TLS that ends in nginx: one with our configuration, one with its own."""

import pulumi

from istio_ingress import CertificateAuthority, PassthroughNginx

CONF = """\
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
  access_log /dev/stdout;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 8443 ssl;
    ssl_certificate /etc/nginx-server-certs/tls.crt;
    ssl_certificate_key /etc/nginx-server-certs/tls.key;
    return 200 "legacy\\n";
  }
}
"""

ca = CertificateAuthority("legacy", {})
plain = PassthroughNginx("plain", {"authority": ca.issuer, "hosts": ["plain.shop.example"]})
legacy = PassthroughNginx(
    "legacy",
    {
        "authority": ca.issuer,
        "hosts": ["legacy.shop.example", "old.shop.example"],
        "organization": "Legacy",
        "nginx_conf": CONF,
        "replicas": 2,
    },
)
pulumi.export("hosts", pulumi.Output.all(plain.hosts, legacy.hosts))
pulumi.export("ca_certificate", ca.bundle)
