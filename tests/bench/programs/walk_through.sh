#!/bin/sh
# Istio's walk-through by hand: httpbin, a root and a leaf, the Secret, the Gateway and its routes. The files that it
# makes stay in the current directory.
set -eu
manifests=$(dirname "$0")/walk_through

apply() {
  sed -e "s|\$HOST|$HOST|g; s|\$IMAGE|$IMAGE|g; s|\$NAMESPACE|$NAMESPACE|g" "$manifests/$1" | kubectl apply -f -
}

apply httpbin.yaml
openssl req -x509 -sha256 -nodes -days 365 -newkey rsa:2048 -subj '/O=example Inc./CN=example.com' \
  -keyout ca.key -out ca.crt
openssl req -nodes -newkey rsa:2048 -subj "/CN=$HOST/O=httpbin organization" -keyout leaf.key -out leaf.csr
# The walk-through's leaf has a CN only; clients want the name among the subjectAltNames.
echo "subjectAltName=DNS:$HOST" > leaf.ext
openssl x509 -req -sha256 -days 365 -CA ca.crt -CAkey ca.key -set_serial 1 -extfile leaf.ext -in leaf.csr -out leaf.crt
kubectl create secret tls "$NAMESPACE" --namespace istio-system --key leaf.key --cert leaf.crt
apply gateway.yaml
