package template

// yamlContent is a YAML component as far as the rules need it.
type yamlContent struct{ tasks int }

func readYAML(r *report, p *part, from int) *yamlContent {
	p.text = p.src.text[p.src.lines[min(from, len(p.src.lines)-1)]:]
	return &yamlContent{}
}

func sniff(src *source) Format { return Dockerfile }
