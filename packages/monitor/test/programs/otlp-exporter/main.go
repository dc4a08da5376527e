// Sends a profile as OpenTelemetry's Collector does, with the Collector's own library: over HTTP, and by gRPC.
//
// otlp-exporter HOST:PORT TOKEN
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pprofile"
	"go.opentelemetry.io/collector/pdata/pprofile/pprofileotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// profiles has one stack, main.handler above main.main, with seven samples of CPU time.
func profiles(service string) pprofile.Profiles {
	all := pprofile.NewProfiles()
	dictionary := all.Dictionary()
	text := func(value string) int32 {
		dictionary.StringTable().Append(value)
		return int32(dictionary.StringTable().Len() - 1)
	}
	text("")
	dictionary.MappingTable().AppendEmpty()
	dictionary.LinkTable().AppendEmpty()
	dictionary.AttributeTable().AppendEmpty()
	dictionary.FunctionTable().AppendEmpty()
	dictionary.LocationTable().AppendEmpty()
	dictionary.StackTable().AppendEmpty()
	stack := pcommon.NewInt32Slice()
	for _, name := range []string{"main.handler", "main.main"} {
		function := dictionary.FunctionTable().AppendEmpty()
		function.SetNameStrindex(text(name))
		function.SetFilenameStrindex(text("/srv/main.go"))
		location := dictionary.LocationTable().AppendEmpty()
		line := location.Lines().AppendEmpty()
		line.SetFunctionIndex(int32(dictionary.FunctionTable().Len() - 1))
		line.SetLine(7)
		stack.Append(int32(dictionary.LocationTable().Len() - 1))
	}
	stack.CopyTo(dictionary.StackTable().AppendEmpty().LocationIndices())

	resource := all.ResourceProfiles().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", service)
	resource.Resource().Attributes().PutStr("service.instance.id", "i-1")
	profile := resource.ScopeProfiles().AppendEmpty().Profiles().AppendEmpty()
	profile.SampleType().SetTypeStrindex(text("cpu"))
	profile.SampleType().SetUnitStrindex(text("nanoseconds"))
	profile.SetTime(pcommon.NewTimestampFromTime(time.Now()))
	profile.SetDurationNano(uint64(time.Second))
	sample := profile.Samples().AppendEmpty()
	sample.SetStackIndex(1)
	sample.Values().Append(7)
	return all
}

func byHTTP(address, token string) {
	message, err := pprofileotlp.NewExportRequestFromProfiles(profiles("by-http")).MarshalProto()
	check(err)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(message)
	check(err)
	check(writer.Close())
	request, err := http.NewRequest(http.MethodPost, "http://"+address+"/v1development/profiles", &packed)
	check(err)
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("Content-Encoding", "gzip")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	answer := pprofileotlp.NewExportResponse()
	check(answer.UnmarshalProto(body))
	fmt.Println("http", response.StatusCode, answer.PartialSuccess().RejectedProfiles())
}

func byGRPC(address, token, compressor string) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	request := pprofileotlp.NewExportRequestFromProfiles(profiles("by-grpc-" + compressor))
	answer, err := pprofileotlp.NewGRPCClient(connection).Export(ctx, request, grpc.UseCompressor(compressor))
	if err != nil {
		fmt.Println("grpc", compressor, err)
		return
	}
	fmt.Println("grpc", compressor, answer.PartialSuccess().RejectedProfiles())
}

func main() {
	address, token := os.Args[1], os.Args[2]
	byHTTP(address, token)
	byGRPC(address, token, "gzip")
	byGRPC(address, token, encoding.Identity)
	byGRPC(address, "wrong", "gzip")
}
