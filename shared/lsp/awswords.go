package lsp

import (
	"regexp"
	"strings"

	"imagedrop/shared/awstoe"
)

// Keys and values of an AWS component document.
// Source: EC2 Image Builder user guide, component document framework.
var (
	awsRoot = []word{
		{"name", "", "The document's name."},
		{"description", "", "What it is for."},
		{"schemaVersion", "", "Always 1.0; required."},
		{"parameters", "", "A list of parameters, which a recipe sets: `- Name: {type: string, default: x, description: y}`."},
		{"constants", "", "A list of constants: `- Name: {type: string, value: x}`."},
		{"phases", "", "What is done: a list of phases with a name and steps; required."},
	}
	awsPhase  = []word{{"name", "", "build, validate or test; each once."}, {"steps", "", "What is done in the phase, in this order."}}
	awsPhases = []word{
		{"build", "", "Runs while the image is built."},
		{"validate", "", "Runs on the instance that was built, before the image is made."},
		{"test", "", "Runs on an instance of the new image."},
	}
	awsStep = []word{
		{"name", "", "The step's name, once in the phase; `{{ phase.name.outputs.stdout }}` is an output."},
		{"action", "", "The action module; required."},
		{"inputs", "", "What the action module needs."},
		{"timeoutSeconds", "", "Seconds until the step fails; -1 means no limit; default 7200."},
		{"onFailure", "", "Abort, Continue or Ignore; default Abort."},
		{"maxAttempts", "", "How often the step is tried; default 1."},
		{"loop", "", "Repeats the step: `for` or `forEach`."},
		{"if", "", "A condition: the step runs where it holds."},
	}
	awsFailures = []word{
		{"Abort", "", "The document fails, and no further step runs."},
		{"Continue", "", "Further steps run, and the document fails."},
		{"Ignore", "", "Further steps run, and the document does not fail."},
	}
)

var awsMark = regexp.MustCompile(`(?m)^(schemaVersion|phases)[ \t]*:`)

// isAWS reports YAML that is an AWS component document.
func (d *document) isAWS() bool { return awsMark.MatchString(d.text) }

// awsWords are what may stand at a place of an AWS component document.
func awsWords(c *cursor) []word {
	switch path := strings.Join(c.path, "."); {
	case path == "" && c.key:
		return awsRoot
	case path == "schemaVersion":
		return []word{{"1.0", "", "The only version."}}
	case path == "phases" && c.key:
		return awsPhase
	case path == "phases.name":
		return awsPhases
	case path == "phases.steps" && c.key:
		return awsStep
	case path == "phases.steps.action":
		return modules()
	case path == "phases.steps.onFailure":
		return awsFailures
	case path == "phases.steps.inputs" && c.key:
		return inputs(c.above["action"])
	}
	return nil
}

func modules() (out []word) {
	for _, m := range awstoe.Modules() {
		inputs := "required " + listOf(m.Required) + "; optional " + listOf(m.Optional)
		out = append(out, word{name: m.Name, doc: "Action module. Inputs: " + inputs + "."})
	}
	return out
}

// inputs are those of an action module.
func inputs(module string) (out []word) {
	for _, m := range awstoe.Modules() {
		if m.Name != module {
			continue
		}
		for _, name := range m.Required {
			out = append(out, word{name: name, doc: "Required in " + m.Name + "."})
		}
		for _, name := range m.Optional {
			out = append(out, word{name: name, doc: "Optional in " + m.Name + "."})
		}
	}
	return out
}
