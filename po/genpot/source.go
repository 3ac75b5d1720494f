// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// packagePO is the qualifier of the functions that translate.
const packagePO = "po"

// takes tells how many arguments of package po's functions are texts.
var takes = map[string]int{"T": 1, "F": 1, "Errorf": 1, "Error": 1, "Message": 1, "N": 2}

// A source is one package whose messages are being extracted.
type source struct {
	fset      *token.FileSet
	constants map[string]ast.Expr // of the package, by name
	all       messages
}

// readGo reads every package of the project.
func (m messages) readGo(root string) error {
	packages := map[string][]string{} // folder: files
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && path != root && (name[0] == '.' || name == "build" || name == "testdata" || name == "lab"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, paths := range packages {
		if err := m.readPackage(root, paths); err != nil {
			return err
		}
	}
	return nil
}

func (m messages) readPackage(root string, paths []string) error {
	s := source{fset: token.NewFileSet(), constants: map[string]ast.Expr{}, all: m}
	files := map[string]*ast.File{}
	for _, path := range paths {
		f, err := parser.ParseFile(s.fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)] = f
		s.collect(f)
	}
	for name, f := range files {
		if err := s.read(name, f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// collect records the constants of a file, including those inside functions: their names are distinct enough.
func (s *source) collect(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				for i := range v.Values {
					s.constants[v.Names[i].Name] = v.Values[i]
				}
			}
		}
		return true
	})
}

// read extracts the texts from one file.
func (s *source) read(name string, f *ast.File) (err error) {
	comments := ast.NewCommentMap(s.fset, f, f.Comments)
	ast.Inspect(f, func(n ast.Node) bool {
		if err != nil {
			return false
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			err = s.call(name, n, hint(s.fset, f, n))
		case *ast.GenDecl:
			if fields := extract(comments[n]); len(fields) > 0 {
				err = s.table(name, n, fields)
			}
		}
		return true
	})
	return err
}

// call extracts the texts from a call of one of package po's functions. What is not a constant must be in a
// table.
func (s *source) call(name string, call *ast.CallExpr, hint string) error {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if x, ok := selector.X.(*ast.Ident); !ok || x.Name != packagePO {
		return nil
	}
	var texts [2]string
	for i := range takes[selector.Sel.Name] {
		text, ok, err := s.value(call.Args[i])
		if err != nil || !ok {
			return err
		}
		texts[i] = text
	}
	return s.all.add(name, texts[0], texts[1], hint)
}

// table extracts the texts from the composite literals of a declaration: those in fields with these names, or
// at these positions in literals whose fields are unnamed.
func (s *source) table(name string, decl *ast.GenDecl, fields []string) (err error) {
	take := func(x ast.Expr) {
		text, ok, e := s.value(x)
		if e == nil && ok {
			e = s.all.add(name, text, "", "")
		}
		if e != nil && err == nil {
			err = e
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if slices.Contains(fields, "values") {
				for _, x := range n.Values {
					take(x)
				}
			}
		case *ast.CompositeLit:
			for i, element := range n.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					if key, ok := pair.Key.(*ast.Ident); ok && slices.Contains(fields, key.Name) || slices.Contains(fields, "map") {
						take(pair.Value)
					}
				} else if slices.Contains(fields, strconv.Itoa(i)) {
					take(element)
				}
			}
		}
		return true
	})
	return err
}

// extract returns the fields that a "//po:extract" comment names.
func extract(groups []*ast.CommentGroup) []string {
	for _, g := range groups {
		for _, c := range g.List {
			if rest, ok := strings.CutPrefix(c.Text, "//po:extract "); ok {
				return strings.Fields(rest)
			}
		}
	}
	return nil
}

// hint returns the comment "Translators: ..." on the line before a call.
func hint(fset *token.FileSet, f *ast.File, n ast.Node) string {
	line := fset.Position(n.Pos()).Line
	for _, g := range f.Comments {
		text := strings.TrimSpace(g.Text())
		if strings.HasPrefix(text, "Translators: ") && fset.Position(g.End()).Line == line-1 {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}

// value returns the value of a constant string expression; ok is false for any other expression.
func (s *source) value(x ast.Expr) (text string, ok bool, err error) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			text, err = constant(x.Value)
			return text, err == nil, err
		}
	case *ast.ParenExpr:
		return s.value(x.X)
	case *ast.Ident:
		if c, is := s.constants[x.Name]; is {
			return s.value(c)
		}
	case *ast.BinaryExpr:
		a, okA, err := s.value(x.X)
		if err != nil || !okA || x.Op != token.ADD {
			return "", false, err
		}
		b, okB, err := s.value(x.Y)
		return a + b, okB, err
	}
	return "", false, nil
}
