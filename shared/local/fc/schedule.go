package fc

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // CRON_TZ works on machines without a time zone database, too

	"github.com/robfig/cron/v3"
)

// Schedule says when a timer trigger fires.
type Schedule struct{ next func(time.Time) time.Time }

// Next returns the first time after t at which the trigger fires, in UTC.
func (s Schedule) Next(t time.Time) time.Time { return s.next(t.UTC()).UTC() }

// scheduleForms names the forms of a cronExpression.
const scheduleForms = "six fields (second minute hour day-of-month month day-of-week), with CRON_TZ=Area/City before them or not, " +
	"or @every and whole minutes, such as @every 5m"

// cronFields are the six fields in their order and the characters that each
// may have; the library checks the rest. Source: FC, time triggers.
var cronFields = []struct {
	name    string
	pattern *regexp.Regexp
	words   string
}{
	{"second", regexp.MustCompile(`^\d+$`), "one number"},
	{"minute", regexp.MustCompile(`^[\d,*/-]+$`), "numbers with , - * /"},
	{"hour", regexp.MustCompile(`^[\d,*/-]+$`), "numbers with , - * /"},
	{"day-of-month", regexp.MustCompile(`^[\d,*?/-]+$`), "numbers with , - * ? /"},
	{"month", regexp.MustCompile(`^[\dA-Za-z,*/-]+$`), "1 to 12 or JAN to DEC with , - * /"},
	{"day-of-week", regexp.MustCompile(`^[\dA-Za-z,*?-]+$`), "1 (Monday) to 7 or MON to SUN with , - * ?"},
}

// ParseSchedule reads the cronExpression of a timer trigger: the documented
// forms and no other. Times are UTC unless CRON_TZ says otherwise. In a zone
// with daylight saving time a time that the spring skips is not made up for,
// as in the library that the service's syntax comes from.
func ParseSchedule(expression string) (Schedule, error) {
	if every, ok := strings.CutPrefix(expression, "@every "); ok {
		return parseEvery(strings.TrimSpace(every))
	}
	zone := time.UTC
	if rest, ok := strings.CutPrefix(expression, "CRON_TZ="); ok {
		name, fields, _ := strings.Cut(rest, " ")
		var err error
		if zone, err = location(name); err != nil {
			return Schedule{}, err
		}
		expression = fields
	}
	return parseFields(strings.Fields(expression), zone)
}

// parseEvery takes what is said in minutes or more, which is also the shortest
// time between two events of a trigger. Source: FC, time triggers.
func parseEvery(text string) (Schedule, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d%time.Minute != 0 {
		return Schedule{}, fmt.Errorf("@every %s: want whole minutes, such as 5m or 1h30m", text)
	}
	return Schedule{cron.Every(d).Next}, nil
}

// location refuses the names that mean "wherever this runs".
func location(name string) (*time.Location, error) {
	if zone, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return zone, nil
	}
	return nil, fmt.Errorf("CRON_TZ=%s: no such time zone: want a name such as Asia/Shanghai", name)
}

func parseFields(fields []string, zone *time.Location) (Schedule, error) {
	if len(fields) != len(cronFields) {
		return Schedule{}, fmt.Errorf("%d fields: want %s", len(fields), scheduleForms)
	}
	for i, f := range cronFields {
		if !f.pattern.MatchString(fields[i]) {
			return Schedule{}, fmt.Errorf("%s %q: want %s", f.name, fields[i], f.words)
		}
	}
	days, err := weekdays(fields[5])
	if err != nil {
		return Schedule{}, err
	}
	fields[5] = days
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	s, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return Schedule{}, err
	}
	next := func(t time.Time) time.Time { return s.Next(t.In(zone)) }
	if next(time.Unix(0, 0)).IsZero() {
		return Schedule{}, errors.New("there is no such day")
	}
	return Schedule{next}, nil
}

// dayNames are the names of the days, of which the library numbers Sunday 0.
var dayNames = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// weekdays writes the service's numbers, 1 (Monday) to 7, as the library's.
func weekdays(field string) (string, error) {
	if field == "*" || field == "?" {
		return field, nil
	}
	var days []string
	for item := range strings.SplitSeq(field, ",") {
		low, high, isRange := strings.Cut(item, "-")
		if !isRange {
			high = low
		}
		from, to := weekday(low), weekday(high)
		if from == 0 || to < from {
			return "", fmt.Errorf("day-of-week %q: want %s", item, cronFields[5].words)
		}
		for ; from <= to; from++ {
			days = append(days, strconv.Itoa(from%7))
		}
	}
	return strings.Join(days, ","), nil
}

// weekday returns 1 (Monday) to 7, 0 for what is no day.
func weekday(text string) int {
	for i, name := range dayNames {
		if strings.EqualFold(text, name) || text == strconv.Itoa((i+6)%7+1) {
			return (i+6)%7 + 1
		}
	}
	return 0
}
