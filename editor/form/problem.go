// SPDX-License-Identifier: Apache-2.0

package form

import (
	"cmp"
	"errors"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// Problem is what keeps a connection from being saved.
type Problem struct {
	Key string // whose field is wrong; "" if it has none
	Err error
}

func (p *Problem) Error() string {
	if field := Find(p.Key); field != nil {
		return po.F("%s: %s", field.Title(), reason(p.Err))
	}
	return p.Err.Error()
}

func (p *Problem) Unwrap() error { return p.Err }

// reason returns an error of package profile without the name of the key, which the label replaces.
func reason(err error) string {
	var bad *profile.ValueError
	var missing *profile.MissingError
	switch {
	case errors.As(err, &missing):
		return cmp.Or(missing.Page, missing.Help)
	case errors.As(err, &bad):
		return cmp.Or(bad.Page, bad.Allowed)
	}
	return err.Error()
}

// Check judges values as the service will, and shows the verdict on the page. On a page that is still empty,
// nothing is shown. A non-nil error is a *[Problem].
func (f *Form) Check(v Values, src profile.Source) error {
	src.Data, src.Secrets = v.Data, v.Secrets
	_, _, err := profile.Parse(src)
	if err == nil {
		f.w.Tell("", "")
		return nil
	}
	problem := &Problem{Err: err}
	var bad *profile.ValueError
	var missing *profile.MissingError
	switch {
	case errors.As(err, &bad) && bad.Key == "vpn.user-name": // which the field shows while it is empty
		problem.Key = profile.KeyUser
	case errors.As(err, &bad):
		problem.Key = bad.Key
	case errors.As(err, &missing):
		problem.Key = missing.Key
	}
	if v.Data[profile.KeyGateway] == "" && missing != nil {
		f.w.Tell("", "")
	} else {
		f.w.Tell(problem.Key, problem.Error())
	}
	return problem
}
