// One TlsGateway with many hosts.
import * as istio from "@pulumi/istio-ingress";

const names = [...Array(Number(process.env.HOSTS)).keys()].map(number => `host-${number}.bench.example.com`);
const backend = { service: "httpbin", port: 8000 };
const bench = new istio.TlsGateway("bench", { hosts: names.map(host => ({ host, backend })) });
export const hosts = bench.hosts;
