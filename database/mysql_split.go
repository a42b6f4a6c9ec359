package database

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"keepstead/model"
)

// The lines by which a dump of several databases is taken apart.
const (
	myCurrent   = "-- Current Database: `"
	mySandbox   = `/*M!999999\-`
	myEpilogue  = "/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */"
	myCompleted = "-- Dump completed"
	// myViews stands in a file between the tables of a database and its views, which may need other databases.
	myViews = "-- Keepstead: views"
)

// myObjects begin the lines that announce a table, a view or a sequence.
var myObjects = []string{
	"-- Table structure for table `", "-- Temporary table structure for view `", "-- Temporary view structure for view `",
	"-- Sequence structure for `",
}

// mySplit takes one dump of several databases, written at one moment, apart into a file for each, which can be restored
// alone: each gets the settings at the beginning and the end.
type mySplit struct {
	target *target
	parts  []*myPart
	now    *myPart // nil at the beginning and at the end
	line   []byte  // a line's beginning, until it can be judged
	passed bool    // the rest of the line goes where its beginning went
	drop   bool    // or nowhere
	ended  bool
	whole  bool
	prolog bytes.Buffer
	epilog bytes.Buffer
}

type myPart struct {
	database string
	name     string
	file     *file
	objects  int
}

// judged is how much of a line is looked at.
const judged = 1 << 10

// maxEdge bounds what stands before the first database and after the last.
const maxEdge = 1 << 20

// Write takes a piece of the dump.
func (s *mySplit) Write(p []byte) (int, error) {
	size := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n') + 1
		if end == 0 {
			end = len(p)
		}
		piece := p[:end]
		p = p[end:]
		if err := s.piece(piece); err != nil {
			return size - len(p), err
		}
	}
	return size, nil
}

// piece takes a line or a part of one.
func (s *mySplit) piece(piece []byte) error {
	ends := piece[len(piece)-1] == '\n'
	if s.passed {
		s.passed = !ends
		return s.put(piece)
	}
	s.line = append(s.line, piece...)
	if !ends && len(s.line) < judged {
		return nil
	}
	line := s.line
	s.line = s.line[:0]
	s.passed = !ends
	if err := s.judge(line); err != nil {
		return err
	}
	return s.put(line)
}

// judge looks at the beginning of a line and decides where it goes.
func (s *mySplit) judge(line []byte) error {
	s.drop = false
	if len(line) == 0 || line[0] != '-' && line[0] != '/' {
		return nil
	}
	text := string(line[:min(len(line), judged)])
	switch {
	case strings.HasPrefix(text, mySandbox):
		s.drop = true // clients that do not know it stop there
	case strings.HasPrefix(text, myCurrent):
		return s.turn(text)
	case strings.HasPrefix(text, myEpilogue):
		s.now, s.ended = nil, true
	case s.ended && strings.HasPrefix(text, myCompleted):
		s.whole = true
	case s.now != nil:
		for _, o := range myObjects {
			if strings.HasPrefix(text, o) {
				s.now.objects++
			}
		}
	}
	return nil
}

// turn goes to the file of the database that the line names. The second time come its views.
func (s *mySplit) turn(line string) error {
	name := strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, myCurrent)), "`")
	for _, part := range s.parts {
		if strings.ReplaceAll(part.database, "`", "``") != name && part.database != name {
			continue
		}
		s.now = part
		if part.file != nil {
			return s.put([]byte(myViews + "\n"))
		}
		f, err := s.target.create(part.name, nil)
		if err != nil {
			return err
		}
		part.file = f
		_, err = f.Write(s.prolog.Bytes())
		return err
	}
	return fmt.Errorf("the dump holds a database %q that was not asked for: %w", clip(name), ErrCut)
}

func (s *mySplit) put(piece []byte) (err error) {
	switch {
	case s.drop:
	case s.now != nil:
		_, err = s.now.file.Write(piece)
	case s.prolog.Len()+s.epilog.Len() > maxEdge:
		err = errors.New("the dump does not look like one")
	case s.ended:
		s.epilog.Write(piece)
	default:
		s.prolog.Write(piece)
	}
	return err
}

// finish ends every file, if the dump is whole and holds each database.
func (s *mySplit) finish(describe func(string) model.Dump) ([]model.Dump, error) {
	if !s.whole || len(s.line) > 0 {
		return nil, fmt.Errorf("%w", ErrCut)
	}
	var dumps []model.Dump
	for _, part := range s.parts {
		if part.file == nil {
			return nil, fmt.Errorf("the database %q is not in it: %w", clip(part.database), ErrCut)
		}
		if _, err := part.file.Write(s.epilog.Bytes()); err != nil {
			return nil, err
		}
		d := describe(part.database)
		d.Objects = part.objects
		d, err := part.file.close(d)
		if err != nil {
			return nil, err
		}
		dumps = append(dumps, d)
	}
	return dumps, nil
}

func (s *mySplit) abandon() {
	for _, part := range s.parts {
		if part.file != nil {
			part.file.abandon()
		}
	}
}
