"""The components for programs in other languages: Pulumi's engine starts this and asks it to construct them."""

from istio_ingress.plugin import serve

if __name__ == "__main__":
    serve()
