// leak: Subscribe|topicLock|onRequest
// ThreeDotsLabs/watermill#391, libp2p/go-libp2p-pubsub#705: the subscriber goes, the topic's entry and its lock stay, and each request has a topic of its own
package main

import (
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
	"time"
)

type subscriber struct{ messages chan string }

type pubSub struct {
	mu          sync.Mutex
	subscribers map[string][]*subscriber
	locks       sync.Map
}

func (p *pubSub) topicLock(topic string) *sync.Mutex {
	lock, _ := p.locks.LoadOrStore(topic, &sync.Mutex{})
	return lock.(*sync.Mutex)
}
func (p *pubSub) Subscribe(topic string) *subscriber {
	lock := p.topicLock(topic)
	lock.Lock()
	defer lock.Unlock()
	s := &subscriber{messages: make(chan string, 8)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers[topic] = append(p.subscribers[topic], s)
	return s
}
func (p *pubSub) Unsubscribe(topic string, gone *subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.subscribers[topic]
	for i, s := range rest {
		if s == gone {
			p.subscribers[topic] = append(rest[:i], rest[i+1:]...)
			return
		}
	}
}

var events = &pubSub{subscribers: map[string][]*subscriber{}}

func onRequest(n int) {
	topic := fmt.Sprintf("reply-to-%d-%d", os.Getpid(), n)
	s := events.Subscribe(topic)
	defer events.Unsubscribe(topic, s)
	time.Sleep(2 * time.Millisecond)
}
func main() {
	go http.ListenAndServe(os.Getenv("ADDR"), nil)
	for n := 0; ; n++ {
		go onRequest(n)
		time.Sleep(500 * time.Microsecond)
	}
}
