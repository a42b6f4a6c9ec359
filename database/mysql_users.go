package database

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"keepstead/model"
)

// myGrants stands in the file of the accounts between the accounts and their rights, which may name tables.
const myGrants = "-- Keepstead: rights"

// myRootProxy is a right that every server has of its own, and would have twice.
const myRootProxy = "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION"

// account is a user or a role of a server.
type account struct {
	user, host string
	role       bool
}

// name is how SQL names the account.
func (a account) name() string {
	if a.role {
		return myText(a.user)
	}
	return myText(a.user) + "@" + myText(a.host)
}

// ours are accounts that every server has of its own.
func ours(user string) bool {
	return strings.HasPrefix(user, "mysql.") && user != "mysql." || user == "mariadb.sys"
}

// myDefaultRole is the part of MySQL's CREATE USER that needs the roles' rights first.
var myDefaultRole = regexp.MustCompile("(?s) DEFAULT ROLE (.*?) REQUIRE ")

// dumpUsers writes the accounts with their passwords, then their rights, as statements that can be repeated.
func (m *mysql) dumpUsers(ctx context.Context, t *target) (model.Dump, error) {
	accounts, err := m.accounts(ctx)
	if err != nil {
		return model.Dump{}, err
	}
	made, granted, err := m.rights(ctx, accounts)
	if err != nil {
		return model.Dump{}, err
	}
	f, err := t.create("users.sql", nil)
	if err != nil {
		return model.Dump{}, err
	}
	defer f.abandon()
	text := "-- Accounts and rights, written by Keepstead.\nSET NAMES utf8mb4;\n" + made + myGrants + "\n" + granted +
		"FLUSH PRIVILEGES;\n" + myCompleted + "\n"
	if _, err := f.Write([]byte(text)); err != nil {
		return model.Dump{}, err
	}
	d := m.describe("")
	d.Objects = len(accounts)
	return f.close(d)
}

func (m *mysql) accounts(ctx context.Context) ([]account, error) {
	list := "SELECT user, host, 'N' FROM mysql.user ORDER BY user, host;"
	if m.kind == model.MariaDB {
		list = "SELECT user, host, is_role FROM mysql.user ORDER BY is_role DESC, user, host;"
	}
	rows, err := m.query(ctx, list)
	if err != nil {
		return nil, err
	}
	var all []account
	for _, row := range rows {
		if len(row) == 3 && !ours(row[0]) {
			all = append(all, account{user: row[0], host: row[1], role: row[2] == "Y"})
		}
	}
	return all, nil
}

// rights asks for the statements that make the accounts and their rights.
func (m *mysql) rights(ctx context.Context, accounts []account) (made, granted string, err error) {
	var ask strings.Builder
	if m.kind == model.MySQL && m.atLeast(8, 0, 17) {
		ask.WriteString("SET print_identified_with_as_hex = ON;\n")
	}
	for i, a := range accounts {
		if !a.role {
			fmt.Fprintf(&ask, "SELECT 'made', %d; SHOW CREATE USER %s;\n", i, a.name())
		}
		name := a.name()
		if a.role && a.user == "PUBLIC" {
			name = "PUBLIC"
		}
		fmt.Fprintf(&ask, "SELECT 'granted', %d; SHOW GRANTS FOR %s;\n", i, name)
	}
	rows, err := m.query(ctx, ask.String())
	if err != nil {
		return "", "", err
	}
	var users, grants, defaults strings.Builder
	for _, a := range accounts {
		if a.role && a.user != "PUBLIC" {
			fmt.Fprintf(&users, "CREATE ROLE IF NOT EXISTS %s;\n", a.name())
		}
	}
	making := false
	for _, row := range rows {
		switch {
		case len(row) == 2:
			making = row[0] == "made"
		case making:
			statement := row[0]
			if match := myDefaultRole.FindStringSubmatch(statement); match != nil {
				who, _, _ := strings.Cut(strings.TrimPrefix(statement, "CREATE USER "), " IDENTIFIED ")
				fmt.Fprintf(&defaults, "ALTER USER %s DEFAULT ROLE %s;\n", who, match[1])
				statement = strings.Replace(statement, match[0], " REQUIRE ", 1)
			}
			rest := strings.TrimPrefix(statement, "CREATE USER ")
			fmt.Fprintf(&users, "CREATE USER IF NOT EXISTS %s;\nALTER USER %s;\n", rest, rest)
		case row[0] != myRootProxy:
			fmt.Fprintf(&grants, "%s;\n", row[0])
		}
	}
	return users.String(), grants.String() + defaults.String(), nil
}

// atLeast compares the server's version.
func (m *mysql) atLeast(want ...int) bool {
	parts := strings.Split(m.version, ".")
	for i, w := range want {
		if i >= len(parts) {
			return false
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < w {
			return false
		}
		if n > w {
			return true
		}
	}
	return true
}
