package storage

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"
)

// The two failures that only a second look can tell.
var (
	errPlain = errors.New("the port speaks TLS")
	errStays = errors.New("the object is still there after it was deleted")
)

// explainNetwork puts a failure on the way to a server into words; nil when err is of another kind.
func explainNetwork(host string, err error) *Error {
	for _, try := range []func(string, error) *Error{explainResolve, explainTLS, explainConnect} {
		if e := try(host, err); e != nil {
			e.err = err
			return e
		}
	}
	return nil
}

func explainResolve(host string, err error) *Error {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return nil
	case dns.IsNotFound:
		return &Error{
			Reason: "The name " + quote(host) + " is not known.",
			Mend:   "Check the endpoint's spelling, and that this machine's name server knows it.",
		}
	}
	return &Error{
		Reason: "The name " + quote(host) + " could not be looked up: this machine's name server did not answer.",
		Mend:   "Check this machine's network and its DNS settings, then test again.",
	}
}

func explainTLS(host string, err error) *Error {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &unknown):
		return &Error{
			Reason: "The server's certificate is signed by an authority this machine does not know.",
			Mend:   "If the server is yours, paste its authority's certificate (PEM) into the field for it.",
		}
	case errors.As(err, &name):
		return &Error{
			Reason: "The server's certificate is not for the name " + quote(host) + ".",
			Mend:   "Use the name that the certificate carries. If it is the bucket's name in front that does not fit, turn on “path style”.",
		}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &Error{
			Reason: "The server's certificate has expired, or is not valid yet.",
			Mend:   "Renew the server's certificate, and check that this machine's clock is right.",
		}
	case errors.As(err, &invalid):
		return &Error{Reason: "The server's certificate cannot be accepted.", Mend: "Have the server's certificate made anew, for use by a server."}
	case errors.As(err, &record) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return &Error{
			Reason: "The server speaks plain HTTP on this port, not TLS.",
			Mend:   "Write http:// in front of the endpoint, or give the server's TLS port.",
		}
	case errors.Is(err, errPlain):
		return &Error{Reason: "The server speaks TLS on this port, not plain HTTP.", Mend: "Write https:// in front of the endpoint."}
	case errors.As(err, &alert):
		return &Error{
			Reason: "The server broke off the TLS handshake.",
			Mend:   "Check the endpoint's name; the server may know no certificate for it, or no TLS 1.2.",
		}
	}
	return nil
}

func explainConnect(host string, err error) *Error {
	var moved *redirect
	var timeout net.Error
	switch {
	case errors.Is(err, errForbidden):
		return &Error{
			Reason: "The endpoint is an address that is never used for storage.",
			Mend:   "Link-local, multicast and cloud metadata addresses are refused; give the storage's own address.",
		}
	case errors.As(err, &moved):
		return &Error{
			Reason: "The server sends us on to " + quote(moved.host) + "; redirects are not followed.",
			Mend:   "If that is your storage, give its address as the endpoint, and the bucket's region.",
		}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Error{Reason: "Nothing listens there: the connection was refused.", Mend: "Check the port, and that the server is running."}
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH):
		return &Error{Reason: "There is no way to " + quote(host) + " from this machine.", Mend: "Check the network, and that the server is switched on."}
	case errors.Is(err, context.Canceled):
		return &Error{Reason: "The test was stopped.", Mend: "Test again."}
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return &Error{
			Reason: "The server did not answer within " + stepLimit.Round(time.Second).String() + ".",
			Mend:   "Check the address and the port, a firewall between, and that the server is up.",
		}
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || strings.HasSuffix(err.Error(), "EOF"):
		return &Error{
			Reason: "The server cut the connection.",
			Mend:   "Check that the port is the S3 server's, and look into its log.",
		}
	}
	return nil
}
