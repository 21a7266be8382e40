//go:build tools

// Keeps h2spec, which is a program, in go.mod.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
