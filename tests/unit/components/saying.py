"""VirtualServices and Gateways of somebody else, said with our components: the way back from Istio's words to ours."""

from istio_ingress import HttpGateway, TcpGateway, TlsGateway, TlsPassthrough

ROUTE = {"timeout": "timeout", "name": "name"}
MATCH = {
    "ignoreUriCase": "ignore_case",
    "gateways": "gateways",
    "port": "server_port",
    "sourceLabels": "source_labels",
    "sourceNamespace": "source_namespace",
}
TEXTS = {"headers": "headers", "withoutHeaders": "without_headers", "queryParams": "query"}
REDIRECT = {
    "uri": "path",
    "authority": "hostname",
    "port": "port",
    "derivePort": "derive_port",
    "scheme": "scheme",
    "redirectCode": "status",
}
RETRIES = {"attempts": "attempts", "perTryTimeout": "per_try_timeout", "backoff": "backoff"}
RETRIES |= {"retryRemoteLocalities": "retry_remote_localities", "retryOn": "retry_on"}
CORS = {
    "allowOrigins": "allow_origins",
    "allowMethods": "allow_methods",
    "allowHeaders": "allow_headers",
    "exposeHeaders": "expose_headers",
    "maxAge": "max_age",
    "allowCredentials": "allow_credentials",
}


class UnsayableError(LookupError):
    """A field for which there are no words."""


def host_routes(spec):
    """The arguments of `HostRoutes`.

    Raises:
        UnsayableError: there are none for some field; it is named.
    """
    left = dict(spec)
    host, *further = left.pop("hosts")
    told = {"host": host, "name": "any", "routes": [each for rule in left.pop("http") for each in routes(rule)]}
    if further:
        told["further_hosts"] = further
    args = {"gateways": left.pop("gateways"), "hosts": [told]}
    if "exportTo" in left:
        args["export_to"] = left.pop("exportTo")
    nothing(left, "")
    return args


def routes(rule):
    """One route for each match of a rule, neighbours that become one rule again."""
    action, matches = action_of(rule), rule.get("match") or [{}]
    return [matched(match) | action for match in matches]


def matched(match):
    left, told = dict(match), {}
    for field, name in MATCH.items():
        if field in left:
            told[name] = left.pop(field)
    if "uri" in left:
        told |= left.pop("uri")
    for field, name in TEXTS.items():
        if field in left:
            told[name] = {key: text or {"present": True} for key, text in left.pop(field).items()}
    for field in ("authority", "scheme"):
        if field in left:
            told[field] = left.pop(field)
    if "exact" in left.get("method", {}):
        told["methods"] = [left.pop("method")["exact"]]
    nothing(left, "match.")
    return told


def action_of(rule):
    left = {field: value for field, value in rule.items() if field != "match"}
    told = renamed(left, ROUTE)
    if "route" in left:
        told["backends"] = [backend(one) for one in left.pop("route")]
    if "redirect" in left:
        told["redirect"] = whole(left.pop("redirect"), REDIRECT, "redirect.")
    if "directResponse" in left:
        response = left.pop("directResponse")
        told["direct_response"] = {"status": response["status"]} | (
            {"body": response["body"]["string"]} if "body" in response else {}
        )
    if "delegate" in left:
        told["delegate"] = left.pop("delegate")
    if "rewrite" in left:
        told["rewrite"] = rewrite(left.pop("rewrite"), rule)
    if "retries" in left:
        told["retries"] = whole(left.pop("retries"), RETRIES, "retries.")
        if "retry_on" in told["retries"]:
            told["retries"]["retry_on"] = told["retries"]["retry_on"].split(",")
    if "corsPolicy" in left:
        told["cors"] = whole(left.pop("corsPolicy"), CORS, "corsPolicy.")
    if "headers" in left:
        told |= headers(left.pop("headers"))
    if "fault" in left:
        told["fault"] = fault(left.pop("fault"))
    if "mirror" in left:
        share = left.pop("mirrorPercentage", {"value": left.pop("mirrorPercent", 100)})
        told["mirrors"] = [place(left.pop("mirror")) | {"percent": share["value"]}]
    nothing(left, "http.")
    return told


def backend(told):
    left = dict(told)
    made = place(left.pop("destination")) | renamed(left, {"weight": "weight"}) | headers(left.pop("headers", {}))
    nothing(left, "route.")
    return made


def place(destination):
    """A Service; where no port is said, the only one that it has: here 80."""
    port = destination.get("port", {"number": 80})["number"]
    subset = {"subset": destination["subset"]} if "subset" in destination else {}
    return {"service": destination["host"].lower(), "port": port, **subset}


def rewrite(told, rule):
    left = dict(told)
    made = renamed(left, {"authority": "hostname"})
    if "uri" in left:
        kinds = {kind for match in rule.get("match") or [] for kind in match.get("uri", {"prefix": ""})}
        made["path" if kinds & {"exact", "regex"} else "prefix"] = left.pop("uri")
    if "uriRegexRewrite" in left:
        regex = left.pop("uriRegexRewrite")
        made |= {"regex": regex["match"], "substitution": regex["rewrite"]}
    nothing(left, "rewrite.")
    return made


def headers(told):
    return {f"{side}_headers": changes for side, changes in told.items()}


def fault(told):
    made = {}
    if "delay" in told:
        made["delay"] = {"fixed_delay": told["delay"]["fixedDelay"], "percent": share(told["delay"])}
    if "abort" in told:
        status = {"http_status": told["abort"]["httpStatus"]} if "httpStatus" in told["abort"] else {}
        grpc = {"grpc_status": told["abort"]["grpcStatus"]} if "grpcStatus" in told["abort"] else {}
        made["abort"] = {**status, **grpc, "percent": share(told["abort"])}
    return made


def share(told):
    return told["percentage"]["value"] if "percentage" in told else told.get("percent", 0)


def renamed(left, names):
    """The fields that have a plain name with us, taken out of `left`."""
    return {name: left.pop(field) for field, name in names.items() if field in left}


def whole(told, names, path):
    left = dict(told)
    made = renamed(left, names)
    nothing(left, path)
    return made


def nothing(left, path):
    if left:
        raise UnsayableError(path + min(left))


def gateway_of(server, selector):
    """The component that makes such a server of a Gateway, and its arguments.

    Raises:
        UnsayableError: only a patch can say it.
    """
    port, tls, hosts = server["port"], dict(server.get("tls") or {}), server["hosts"]
    kind = (port["protocol"].upper(), tls.pop("mode", None), tls.pop("httpsRedirect", False))
    credential = tls.pop("credentialName", "" if kind[1] == "SIMPLE" else "any")
    nothing(tls, "tls.")
    backend = {"service": "any", "port": 80}
    named = [{"host": host, "name": f"any-{index}", "backend": backend} for index, host in enumerate(hosts)]
    served = [{**one, "existing_credential": credential, "port_name": port["name"]} for one in named]
    number = port["number"]
    pods = {"selector": selector, "http_port": number, "https_port": 444 if kind[2] else number}
    args = {"gateway": pods, "port_name": port["name"]}
    ways = {
        ("HTTP", None, False): lambda: (HttpGateway, args | {"hosts": named}),
        ("HTTP", None, True): lambda: (TlsGateway, {"gateway": pods, "hosts": served, "https_redirect": True}),
        ("HTTPS", "SIMPLE", False): lambda: (TlsGateway, {"gateway": pods, "hosts": served}),
        ("HTTPS", "PASSTHROUGH", False): lambda: (TlsPassthrough, args | {"hosts": named}),
        ("TLS", "PASSTHROUGH", False): lambda: (TlsPassthrough, args | {"hosts": named}),
        ("TCP", None, False): lambda: (
            TcpGateway,
            {"gateway": pods, "ports": [{"name": port["name"], "port": number, "backend": backend}]},
        ),
    }
    if kind not in ways or not credential or (kind[0] == "TCP" and hosts != ["*"]):
        raise UnsayableError(f"{kind[0]} with mode {kind[1]} for {', '.join(hosts)}")
    return ways[kind]()
