package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// InstallStream is where the engine reads what an installation prints.
type InstallStream = grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse]

// reported is the exit code of a program that has told the engine itself what went wrong.
const reported = 32

// Ended is what the engine is told of a program's end.
func Ended(err error) *pulumirpc.RunResponse {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}
	case errors.As(err, &exit) && exit.ExitCode() == reported:
		return &pulumirpc.RunResponse{Bail: true}
	}
	return &pulumirpc.RunResponse{Error: "the program did not run to its end: " + err.Error()}
}

// Configuration is the stack's, as variables of the environment.
func Configuration(request *pulumirpc.RunRequest) []string {
	values, secrets := request.Config, request.ConfigSecretKeys
	if values == nil {
		values = map[string]string{} // which would be written as null
	}
	if secrets == nil {
		secrets = []string{}
	}
	config, _ := json.Marshal(values)
	keys, _ := json.Marshal(secrets)
	return []string{"PULUMI_CONFIG=" + string(config), "PULUMI_CONFIG_SECRET_KEYS=" + string(keys)}
}

// Required is the plugin that a package's metadata asks for, nil where it asks for none.
func Required(metadata *plugin.PulumiPluginJSON) *pulumirpc.PackageDependency {
	if metadata == nil || !metadata.Resource {
		return nil
	}
	return &pulumirpc.PackageDependency{
		Name: metadata.Name, Kind: "resource", Version: metadata.Version, Server: metadata.Server,
	}
}

// Install runs commands that fetch what a program needs, and shows what they print.
func Install(stream InstallStream, directory string, commands ...[]string) error {
	printed := printer(func(text []byte) error {
		return stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: text})
	})
	for _, words := range commands {
		command := Command(stream.Context(), directory, nil, words...)
		command.Stdout, command.Stderr = printed, printed
		if err := Run(command); err != nil {
			return fmt.Errorf("`%s %s`: %w", words[0], words[1], err)
		}
	}
	return nil
}

type printer func(text []byte) error

func (send printer) Write(text []byte) (int, error) { return len(text), send(text) }

// Generate writes the files that a language's generator makes of a package.
func Generate(
	request *pulumirpc.GeneratePackageRequest,
	files func(pkg *schema.Package, loader schema.ReferenceLoader) (map[string][]byte, error),
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, err
	}
	pkg, problems, err := schema.BindSpec(spec, loader, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	if problems.HasErrors() {
		return answer(problems), nil
	}
	made, err := files(pkg, schema.NewCachedLoader(loader))
	if err != nil {
		return nil, err
	}
	for name, text := range made {
		file := filepath.Join(request.Directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return nil, err
		}
	}
	return answer(problems), nil
}

func answer(problems hcl.Diagnostics) *pulumirpc.GeneratePackageResponse {
	return &pulumirpc.GeneratePackageResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(problems)}
}
