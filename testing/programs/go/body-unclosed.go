// leak: fetchPrice|refresh|main
// vmware/govmomi#1335, vmware/go-vcloud-director#803: the body of an answer that is an error is not closed, and its connection stays
package main

import (
	"errors"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strings"
	"time"
)

var text = strings.Repeat("no such price ", 2000)

func fetchPrice(url string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return answer.Body.Close()
}
func refresh(url string) {
	for {
		_ = fetchPrice(url)
		time.Sleep(400 * time.Millisecond)
	}
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, text, http.StatusNotFound)
	}))
	refresh("http://" + listener.Addr().String())
}
