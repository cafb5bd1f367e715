// A receiver in Go with nothing installed: go run verify.go (PORT, WEBHOOK_SECRET)
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const tolerance = 300 * time.Second
const bodyBytesMax = 4 * 1024 * 1024

// keyOf is the decoded rest of a secret with whsec_ before it, and the bytes of any other.
func keyOf(secret string) ([]byte, error) {
	rest, isBase64 := strings.CutPrefix(secret, "whsec_")
	if !isBase64 {
		return []byte(secret), nil
	}
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(rest, "="))
}

// verify tells whether the request is Posthorn's and fresh; body is the bytes that came.
func verify(header http.Header, body []byte, secret string) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	key, err := keyOf(secret)
	if err != nil || len(key) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	// While a secret is rotated there are two signatures; one that is right is enough.
	for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(given), expected) {
			return true
		}
	}
	return false
}

var seen sync.Map // In a real receiver: a unique column in your database.

func receive(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, bodyBytesMax))
	if err != nil {
		response.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !verify(request.Header, body, os.Getenv("WEBHOOK_SECRET")) {
		response.WriteHeader(http.StatusUnauthorized)
		return
	}
	id := request.Header.Get("webhook-id")
	if _, isDuplicate := seen.LoadOrStore(id, true); !isDuplicate {
		go work(id, body) // After the answer.
	}
	response.WriteHeader(http.StatusNoContent)
}

func work(id string, body []byte) {
	var event struct {
		EventType string `json:"event_type"`
	}
	if json.Unmarshal(body, &event) == nil {
		fmt.Println("handled", id, event.EventType)
	}
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "4000"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	fmt.Println("listening on", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(receive)))
}
