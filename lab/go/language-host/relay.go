package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const maxMessage = 400 << 20 // what engines and SDKs allow

// host is the language host that runs the programs.
type host struct {
	output     *bufio.Reader
	listening  chan struct{}
	connection *grpc.ClientConn
	gone       chan struct{}
}

// startHost starts it with the arguments of this process; its standard error needs no relay.
func startHost() (*host, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(filepath.Dir(self), "..", "libexec", filepath.Base(self)), os.Args[1:]...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &host{bufio.NewReader(output), make(chan struct{}), nil, make(chan struct{})}, startGroup(command)
}

// connect reads the port that the host prints first, then prints what it and its programs print.
func (host *host) connect() {
	defer close(host.gone)
	port, err := host.output.ReadString('\n')
	if err != nil {
		return
	}
	host.connection, err = grpc.NewClient("passthrough:///127.0.0.1:"+strings.TrimSpace(port),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{}), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return
	}
	close(host.listening)
	io.Copy(os.Stdout, host.output)
}

// relay hands one call on, whatever it is: one message there, any number back.
func (host *host) relay(_ any, engine grpc.ServerStream) error {
	var request frame
	if err := engine.RecvMsg(&request); err != nil {
		return err
	}
	call, err := host.call(engine)
	if err != nil {
		return err
	}
	if err := call.SendMsg(&request); err != nil && err != io.EOF { // after EOF, the reason is received below
		return err
	}
	call.CloseSend()
	for {
		var response frame
		if err := call.RecvMsg(&response); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := engine.SendMsg(&response); err != nil {
			return err
		}
	}
}

func (host *host) call(engine grpc.ServerStream) (grpc.ClientStream, error) {
	select {
	case <-host.listening:
	case <-host.gone:
		return nil, status.Error(codes.Unavailable, "the language host of sdk v3.79.0 is gone")
	case <-engine.Context().Done():
		return nil, engine.Context().Err()
	}
	method, _ := grpc.MethodFromServerStream(engine)
	headers, _ := metadata.FromIncomingContext(engine.Context())
	ctx := metadata.NewOutgoingContext(engine.Context(), headers)
	return host.connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method)
}

// frame is a message that is handed on as it came.
type frame []byte

// codec is protobuf for messages that are understood here, and leaves frames alone.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message any) ([]byte, error) {
	if raw, ok := message.(*frame); ok {
		return *raw, nil
	}
	return proto.Marshal(message.(proto.Message))
}

func (codec) Unmarshal(data []byte, message any) error {
	if raw, ok := message.(*frame); ok {
		*raw = data
		return nil
	}
	return proto.Unmarshal(data, message.(proto.Message))
}
