// helloworld keeps the contract of Istio's sample of that name: GET /hello on port 5000 says which version and pod answered.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	version := os.Getenv("SERVICE_VERSION")
	if version == "" {
		version = "v1"
	}
	instance, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "Hello version: %s, instance: %s\n", version, instance)
	})
	server := &http.Server{Addr: ":5000", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
