// A service that leaks as it is told: leaky MODE MEGABYTES BOX. It stops leaking at MEGABYTES and ends when BOX has something in it.
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var uploads [][]byte

func keepUpload(size int) {
	upload := make([]byte, size)
	for i := range upload {
		upload[i] = 1
	}
	uploads = append(uploads, upload)
}

var upload []byte

func dropUpload(size int) { upload = make([]byte, size) }

func waitForReply(reply chan int) { <-reply }

func isThere(dir string) bool {
	names, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, name := range names {
		if !strings.HasPrefix(name.Name(), ".") {
			return true
		}
	}
	return false
}

func hang(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func main() {
	mode, box := os.Args[1], os.Args[3]
	most, _ := strconv.Atoi(os.Args[2])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	// Nothing leaks before somebody looks: what is compared is what has come since.
	var asked atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.DefaultServeMux.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/heap") {
			asked.Store(true)
		}
	})
	if mode == "slow" {
		mux.HandleFunc("/debug/pprof/goroutine", hang)
		mux.HandleFunc("/debug/pprof/heap", hang)
	}
	go func() { panic(http.Serve(listener, mux)) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	var stats runtime.MemStats
	for i := 0; ; i++ {
		time.Sleep(10 * time.Millisecond)
		switch mode {
		case "garbage":
			// Nothing lives, and the heap is full; a collection that somebody asks for says so.
			dropUpload(1 << 20)
			runtime.ReadMemStats(&stats)
			if stats.NumForcedGC > 0 {
				os.Exit(0)
			}
		case "goroutines":
			if i < most*100 {
				for range 20 {
					go waitForReply(make(chan int))
				}
			}
		default:
			if len(uploads) < most && (asked.Load() || mode == "slow") {
				keepUpload(1 << 20)
			}
		}
		if isThere(box) {
			time.Sleep(3 * time.Second)
			os.Exit(137)
		}
	}
}
