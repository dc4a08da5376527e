// leak: clientCommunication|serve
// schollz/croc#1215, stripe/veneur#141: a goroutine per connection that reads without a deadline
package main

import (
	"bufio"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

var clients []net.Conn // they never say anything, and never leave
func clientCommunication(conn net.Conn) error {
	defer conn.Close()
	_, err := bufio.NewReader(conn).ReadString('\n')
	return err
}
func serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go clientCommunication(conn)
	}
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go serve(listener)
	for range time.Tick(300 * time.Millisecond) {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			clients = append(clients, conn)
		}
	}
}
