package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
)

// webTLS is what a WebSocket listens with and whom it trusts: both from the PEM file that the environment names, so
// that it verifies certificates as it does for anybody.
func webTLS() (*tls.Config, *tls.Config, error) {
	file := os.Getenv("INTEROP_CERTIFICATE")
	if file == "" {
		return nil, nil, nil
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return nil, nil, err
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, nil, errors.New("no certificate in INTEROP_CERTIFICATE")
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, &tls.Config{RootCAs: roots}, nil
}
