// Package awstoe makes component documents of AWSTOE, the program that EC2
// Image Builder runs on its instances: it translates templates in the
// Dockerfile dialect and judges documents that are passed through. It is pure:
// no I/O, no clock, no environment.
package awstoe
