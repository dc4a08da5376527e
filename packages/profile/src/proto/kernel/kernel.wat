;; Reads the usual fields of profile.proto out of a window of the message: compiled at once, where JavaScript starts slow.
;;
;; Whatever is unusual (an unknown field, an id of 29 bits, a broken number) ends the run before the field it stands in, and
;; the reader in JavaScript, which knows every rule and every error, goes on from there. Nothing is allocated: a window
;; decides how much can come out of it. Numbers of the memory's layout stand in angle brackets: they
;; are those of layout.ts, and scripts/kernel.ts puts them in.
(module
  (memory (export "memory") <PAGES> <PAGES>)

  (global $TOTALS i32 (i32.const <At.totals>))
  (global $WIDE i32 (i32.const <At.wide>))

  (global $STACKS i32 (i32.const <At.stacks>))
  (global $STACK_ENDS i32 (i32.const <At.stackEnds>))
  (global $LABEL_ENDS i32 (i32.const <At.labelEnds>))
  (global $LABEL_KEYS i32 (i32.const <At.labelKeys>))
  (global $LABEL_TEXTS i32 (i32.const <At.labelTexts>))
  (global $LABEL_UNITS i32 (i32.const <At.labelUnits>))
  (global $VALUES i32 (i32.const <At.values>))
  (global $LABEL_NUMBERS i32 (i32.const <At.labelNumbers>))
  (global $FUNCTION_IDS i32 (i32.const <At.functionIds>))
  (global $FUNCTION_NAMES i32 (i32.const <At.functionNames>))
  (global $FUNCTION_SYSTEM_NAMES i32 (i32.const <At.functionSystemNames>))
  (global $FUNCTION_FILES i32 (i32.const <At.functionFiles>))
  (global $START_LINES i32 (i32.const <At.startLines>))
  (global $LOCATION_IDS i32 (i32.const <At.locationIds>))
  (global $LOCATION_ADDRESSES i32 (i32.const <At.locationAddresses>))
  (global $LOCATION_MAPPINGS i32 (i32.const <At.locationMappings>))
  (global $LOCATION_FOLDED i32 (i32.const <At.locationFolded>))
  (global $LINE_ENDS i32 (i32.const <At.lineEnds>))
  (global $LINE_FUNCTIONS i32 (i32.const <At.lineFunctions>))
  (global $LINES i32 (i32.const <At.lines>))
  (global $COLUMNS i32 (i32.const <At.lineColumns>))
  (global $STRING_ENDS i32 (i32.const <At.stringEnds>))
  (global $TEXT i32 (i32.const <At.text>))

  ;; The varint at $at and the offset behind it, which is 0 where it has more than ten bytes. Bits above 64 are dropped.
  (func $varint (param $at i32) (result i64 i32)
    (local $value i64) (local $shift i64) (local $byte i64)
    (loop $more
      (local.set $byte (i64.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $value
        (i64.or
          (local.get $value)
          (i64.shl (i64.and (local.get $byte) (i64.const 127)) (local.get $shift))))
      (if (i64.ge_u (local.get $byte) (i64.const 128))
        (then
          (if (i64.eq (local.get $shift) (i64.const 63)) (then (return (i64.const 0) (i32.const 0))))
          (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
          (br $more))))
    (local.get $value) (local.get $at))

  ;; Writes a value of a column to $to; 0 where it would take the sum of a column of doubles beyond 2^53 - 1.
  (func $put (param $column i32) (param $to i32) (param $value i64) (result i32)
    (local $total i64) (local $size i64) (local $at i32)
    (if (i32.load (i32.add (global.get $WIDE) (i32.shl (local.get $column) (i32.const 2))))
      (then
        (i64.store (local.get $to) (local.get $value))
        (return (i32.const 1))))
    (local.set $at (i32.add (global.get $TOTALS) (i32.shl (local.get $column) (i32.const 3))))
    (local.set $total (i64.load (local.get $at)))
    (local.set $size
      (select
        (local.get $value)
        (i64.sub (i64.const 0) (local.get $value))
        (i64.ge_s (local.get $value) (i64.const 0))))
    (if (i64.gt_u (local.get $size) (i64.sub (i64.const 9007199254740991) (local.get $total)))
      (then (return (i32.const 0))))
    (i64.store (local.get $at) (i64.add (local.get $total) (local.get $size)))
    (f64.store (local.get $to) (f64.convert_i64_s (local.get $value)))
    (i32.const 1))

  ;; Takes the value at $to out of the sum of its column again.
  (func $take (param $column i32) (param $to i32)
    (local $at i32)
    (if (i32.load (i32.add (global.get $WIDE) (i32.shl (local.get $column) (i32.const 2)))) (then (return)))
    (local.set $at (i32.add (global.get $TOTALS) (i32.shl (local.get $column) (i32.const 3))))
    (i64.store
      (local.get $at)
      (i64.sub (i64.load (local.get $at)) (i64.trunc_f64_s (f64.abs (f64.load (local.get $to)))))))

  ;; Reads the label in $at…$stop as the $label-th of sample $row: 1 where it counts, 0 where it says nothing, 2 where it
  ;; is unusual.
  (func $label (param $at i32) (param $stop i32) (param $label i32) (param $row i32) (result i32)
    (local $tag i32) (local $index i32)
    (local $key i32) (local $text i32) (local $unit i32) (local $number i64) (local $value i64)
    (loop $fields
      (if (i32.lt_u (local.get $at) (local.get $stop))
        (then
          (local.set $tag (i32.load8_u (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $value (i64.load8_u (local.get $at)))
          (if (i64.lt_u (local.get $value) (i64.const 128))
            (then (local.set $at (i32.add (local.get $at) (i32.const 1))))
            (else
              (call $varint (local.get $at))
              (local.set $at)
              (local.set $value)))
          (if (i32.eqz (local.get $at)) (then (return (i32.const 2))))
          (if (i32.gt_u (local.get $at) (local.get $stop)) (then (return (i32.const 2))))
          (if (i32.eq (local.get $tag) (i32.const 0x18))
            (then
              (local.set $number (local.get $value))
              (br $fields)))
          (if (i64.ge_u (local.get $value) (i64.const 0x100000000)) (then (return (i32.const 2))))
          (local.set $index (i32.wrap_i64 (local.get $value)))
          (if (i32.eq (local.get $tag) (i32.const 0x08))
            (then
              (local.set $key (local.get $index))
              (br $fields)))
          (if (i32.eq (local.get $tag) (i32.const 0x10))
            (then
              (local.set $text (local.get $index))
              (br $fields)))
          (if (i32.eq (local.get $tag) (i32.const 0x20))
            (then
              (local.set $unit (local.get $index))
              (br $fields)))
          (return (i32.const 2)))))
    (if (local.get $text)
      (then
        (local.set $unit (i32.const 0))
        (local.set $number (i64.const 0))))
    ;; The largest string: the key, the text or the unit.
    (local.set $index (local.get $key))
    (if (i32.gt_u (local.get $text) (local.get $index)) (then (local.set $index (local.get $text))))
    (if (i32.gt_u (local.get $unit) (local.get $index)) (then (local.set $index (local.get $unit))))
    (if (i32.gt_u (local.get $index) (i32.load (i32.const <Header.largestString>)))
      (then
        (i32.store (i32.const <Header.largestString>) (local.get $index))
        (i32.store (i32.const <Header.largestStringOf>) (local.get $row))))
    (if (i32.eqz (i32.or (i32.or (local.get $text) (local.get $unit)) (i64.ne (local.get $number) (i64.const 0))))
      (then (return (i32.const 0))))
    (if (i32.eqz
        (call $put
          (i32.const <Numbers.labels>)
          (i32.add (global.get $LABEL_NUMBERS) (i32.shl (local.get $label) (i32.const 3)))
          (local.get $number)))
      (then (return (i32.const 2))))
    (local.set $at (i32.shl (local.get $label) (i32.const 2)))
    (i32.store (i32.add (global.get $LABEL_KEYS) (local.get $at)) (local.get $key))
    (i32.store (i32.add (global.get $LABEL_TEXTS) (local.get $at)) (local.get $text))
    (i32.store (i32.add (global.get $LABEL_UNITS) (local.get $at)) (local.get $unit))
    (i32.store (i32.const <Header.texts>) (i32.or (i32.load (i32.const <Header.texts>)) (local.get $text)))
    (i32.store (i32.const <Header.units>) (i32.or (i32.load (i32.const <Header.units>)) (local.get $unit)))
    (i32.const 1))

  ;; Writes the number of one line, and says so as $put; what was written is taken back where the second does not fit.
  (func $line (param $row i32) (param $function i32) (param $line i64) (param $column i64) (result i32)
    (local $at i32)
    (local.set $at (i32.shl (local.get $row) (i32.const 3)))
    (if (i32.eqz (call $put (i32.const <Numbers.lines>) (i32.add (global.get $LINES) (local.get $at)) (local.get $line)))
      (then (return (i32.const 0))))
    (if (i32.eqz (call $put (i32.const <Numbers.columns>) (i32.add (global.get $COLUMNS) (local.get $at)) (local.get $column)))
      (then
        (call $take (i32.const <Numbers.lines>) (i32.add (global.get $LINES) (local.get $at)))
        (return (i32.const 0))))
    (i32.store
      (i32.add (global.get $LINE_FUNCTIONS) (i32.shl (local.get $row) (i32.const 2)))
      (local.get $function))
    (i32.const 1))

  ;; Reads the location in $at…$last; 0 where it is unusual.
  (func $location (param $at i32) (param $last i32) (result i32)
    (local $row i32) (local $line i32) (local $tag i32) (local $stop i32) (local $value i64)
    (local $id i64) (local $mapping i32) (local $address i64) (local $folded i32)
    (local $function i32) (local $number i64) (local $column i64)
    (local.set $row (i32.load (i32.const <Header.locations>)))
    (local.set $line (i32.load (i32.const <Header.lines>)))
    (block $unusual
      (loop $fields
        (if (i32.lt_u (local.get $at) (local.get $last))
          (then
            (local.set $tag (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (if (i32.eq (local.get $tag) (i32.const 0x22))
              (then
                (local.set $stop (i32.load8_u (local.get $at)))
                (br_if $unusual (i32.ge_u (local.get $stop) (i32.const 128)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (local.set $stop (i32.add (local.get $stop) (local.get $at)))
                (br_if $unusual (i32.gt_u (local.get $stop) (local.get $last)))
                (br_if $unusual (i32.eq (local.get $line) (i32.const <MOST_ROWS>)))
                (local.set $function (i32.const 0))
                (local.set $number (i64.const 0))
                (local.set $column (i64.const 0))
                (loop $parts
                  (if (i32.lt_u (local.get $at) (local.get $stop))
                    (then
                      (local.set $tag (i32.load8_u (local.get $at)))
                      (call $varint (i32.add (local.get $at) (i32.const 1)))
                      (local.set $at)
                      (local.set $value)
                      (br_if $unusual (i32.eqz (local.get $at)))
                      (br_if $unusual (i32.gt_u (local.get $at) (local.get $stop)))
                      (if (i32.eq (local.get $tag) (i32.const 0x08))
                        (then
                          (br_if $unusual (i64.ge_u (local.get $value) (i64.const 0x100000000)))
                          (local.set $function (i32.wrap_i64 (local.get $value)))
                          (br $parts)))
                      (if (i32.eq (local.get $tag) (i32.const 0x10))
                        (then
                          (local.set $number (local.get $value))
                          (br $parts)))
                      (br_if $unusual (i32.ne (local.get $tag) (i32.const 0x18)))
                      (local.set $column (local.get $value))
                      (br $parts))))
                (br_if $unusual
                  (i32.eqz
                    (call $line (local.get $line) (local.get $function) (local.get $number) (local.get $column))))
                (local.set $line (i32.add (local.get $line) (i32.const 1)))
                (br $fields)))
            (call $varint (local.get $at))
            (local.set $at)
            (local.set $value)
            (br_if $unusual (i32.eqz (local.get $at)))
            (br_if $unusual (i32.gt_u (local.get $at) (local.get $last)))
            (if (i32.eq (local.get $tag) (i32.const 0x08))
              (then
                (local.set $id (local.get $value))
                (br $fields)))
            (if (i32.eq (local.get $tag) (i32.const 0x10))
              (then
                (br_if $unusual (i64.ge_u (local.get $value) (i64.const 0x100000000)))
                (local.set $mapping (i32.wrap_i64 (local.get $value)))
                (br $fields)))
            (if (i32.eq (local.get $tag) (i32.const 0x18))
              (then
                (local.set $address (local.get $value))
                (br $fields)))
            (br_if $unusual (i32.ne (local.get $tag) (i32.const 0x28)))
            (local.set $folded (i64.ne (local.get $value) (i64.const 0)))
            (br $fields))))
      (local.set $at (i32.shl (local.get $row) (i32.const 2)))
      (i32.store (i32.add (global.get $LOCATION_MAPPINGS) (local.get $at)) (local.get $mapping))
      (i32.store (i32.add (global.get $LOCATION_FOLDED) (local.get $at)) (local.get $folded))
      (i32.store
        (i32.add (global.get $LINE_ENDS) (local.get $at))
        (i32.add (i32.load (i32.const <Header.linesBefore>)) (local.get $line)))
      (local.set $at (i32.shl (local.get $row) (i32.const 3)))
      (i64.store (i32.add (global.get $LOCATION_IDS) (local.get $at)) (local.get $id))
      (i64.store (i32.add (global.get $LOCATION_ADDRESSES) (local.get $at)) (local.get $address))
      (i32.store (i32.const <Header.locations>) (i32.add (local.get $row) (i32.const 1)))
      (i32.store (i32.const <Header.lines>) (local.get $line))
      (return (i32.const 1)))
    (loop $back
      (if (i32.gt_u (local.get $line) (i32.load (i32.const <Header.lines>)))
        (then
          (local.set $line (i32.sub (local.get $line) (i32.const 1)))
          (local.set $at (i32.shl (local.get $line) (i32.const 3)))
          (call $take (i32.const <Numbers.lines>) (i32.add (global.get $LINES) (local.get $at)))
          (call $take (i32.const <Numbers.columns>) (i32.add (global.get $COLUMNS) (local.get $at)))
          (br $back))))
    (i32.const 0))

  ;; Reads the function in $at…$last; 0 where it is unusual.
  (func $function (param $at i32) (param $last i32) (result i32)
    (local $row i32) (local $tag i32) (local $value i64) (local $index i32)
    (local $id i64) (local $name i32) (local $system i32) (local $file i32) (local $start i64) (local $largest i32)
    (local.set $row (i32.load (i32.const <Header.functions>)))
    (local.set $largest (i32.load (i32.const <Header.largestStringOfFunctions>)))
    (loop $fields
      (if (i32.lt_u (local.get $at) (local.get $last))
        (then
          (local.set $tag (i32.load8_u (local.get $at)))
          (call $varint (i32.add (local.get $at) (i32.const 1)))
          (local.set $at)
          (local.set $value)
          (if (i32.eqz (local.get $at)) (then (return (i32.const 0))))
          (if (i32.gt_u (local.get $at) (local.get $last)) (then (return (i32.const 0))))
          (if (i32.eq (local.get $tag) (i32.const 0x08))
            (then
              (local.set $id (local.get $value))
              (br $fields)))
          (if (i32.eq (local.get $tag) (i32.const 0x28))
            (then
              (local.set $start (local.get $value))
              (br $fields)))
          (if (i64.ge_u (local.get $value) (i64.const 0x100000000)) (then (return (i32.const 0))))
          (local.set $index (i32.wrap_i64 (local.get $value)))
          ;; Every string that is named has to exist, be it overwritten or not.
          (if (i32.gt_u (local.get $index) (local.get $largest)) (then (local.set $largest (local.get $index))))
          (if (i32.eq (local.get $tag) (i32.const 0x10))
            (then
              (local.set $name (local.get $index))
              (br $fields)))
          (if (i32.eq (local.get $tag) (i32.const 0x18))
            (then
              (local.set $system (local.get $index))
              (br $fields)))
          (if (i32.eq (local.get $tag) (i32.const 0x20))
            (then
              (local.set $file (local.get $index))
              (br $fields)))
          (return (i32.const 0)))))
    (local.set $at (i32.shl (local.get $row) (i32.const 3)))
    (if (i32.eqz (call $put (i32.const <Numbers.startLines>) (i32.add (global.get $START_LINES) (local.get $at)) (local.get $start)))
      (then (return (i32.const 0))))
    (i64.store (i32.add (global.get $FUNCTION_IDS) (local.get $at)) (local.get $id))
    (local.set $at (i32.shl (local.get $row) (i32.const 2)))
    (i32.store (i32.add (global.get $FUNCTION_NAMES) (local.get $at)) (local.get $name))
    (i32.store (i32.add (global.get $FUNCTION_SYSTEM_NAMES) (local.get $at)) (local.get $system))
    (i32.store (i32.add (global.get $FUNCTION_FILES) (local.get $at)) (local.get $file))
    (i32.store (i32.const <Header.functions>) (i32.add (local.get $row) (i32.const 1)))
    (i32.store (i32.const <Header.largestStringOfFunctions>) (local.get $largest))
    (i32.const 1))

  ;; Reads the string in $at…$last; 0 where it is the first one and not empty.
  (func $string (param $at i32) (param $last i32) (result i32)
    (local $row i32) (local $text i32) (local $size i32)
    (local.set $row (i32.load (i32.const <Header.strings>)))
    (local.set $text (i32.load (i32.const <Header.text>)))
    (local.set $size (i32.sub (local.get $last) (local.get $at)))
    (if (i32.eqz (i32.add (local.get $row) (i32.load (i32.const <Header.stringsBefore>))))
      (then
        (if (local.get $size) (then (return (i32.const 0))))))
    (memory.copy (i32.add (global.get $TEXT) (local.get $text)) (local.get $at) (local.get $size))
    (local.set $text (i32.add (local.get $text) (local.get $size)))
    (i32.store
      (i32.add (global.get $STRING_ENDS) (i32.shl (local.get $row) (i32.const 2)))
      (i32.add (i32.load (i32.const <Header.textBefore>)) (local.get $text)))
    (i32.store (i32.const <Header.strings>) (i32.add (local.get $row) (i32.const 1)))
    (i32.store (i32.const <Header.text>) (local.get $text))
    (i32.const 1))

  ;; Reads samples from $at on, up to $end or to the first field that is none or an unusual one; the offset of that. A
  ;; function of its own, because it is what V8 compiles once more.
  (func $samples (param $at i32) (param $end i32) (result i32)
    (local $types i32) (local $step i32) (local $ceiling i32) (local $largest i32)
    (local $row i32) (local $stack i32) (local $labels i32)
    (local $pos i32) (local $last i32) (local $key i32) (local $stop i32) (local $limit i32)
    (local $to i32) (local $label i32) (local $count i32) (local $column i32)
    (local $id i32) (local $byte i32) (local $value i64)
    (local.set $types (i32.load (i32.const <Header.types>)))
    (local.set $step (i32.load (i32.const <Header.step>)))
    (local.set $ceiling (i32.load (i32.const <Header.ceiling>)))
    (local.set $largest (i32.load (i32.const <Header.largestId>)))
    (local.set $row (i32.load (i32.const <Header.samples>)))
    (local.set $stack
      (i32.add (global.get $STACKS) (i32.mul (i32.load (i32.const <Header.frames>)) (local.get $step))))
    (local.set $labels (i32.load (i32.const <Header.labels>)))
    (block $done
      (loop $samples
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (br_if $done (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x12)))
        (br_if $done (i32.eq (local.get $row) (i32.const <MOST_ROWS>)))
        (local.set $last (i32.load8_u offset=1 (local.get $at)))
        (local.set $pos (i32.add (local.get $at) (i32.const 2)))
        (if (i32.ge_u (local.get $last) (i32.const 128))
          (then
            (local.set $byte (i32.load8_u (local.get $pos)))
            (br_if $done (i32.ge_u (local.get $byte) (i32.const 128)))
            (local.set $last
              (i32.or
                (i32.and (local.get $last) (i32.const 127))
                (i32.shl (local.get $byte) (i32.const 7))))
            (local.set $pos (i32.add (local.get $pos) (i32.const 1)))))
        (local.set $last (i32.add (local.get $last) (local.get $pos)))
        (br_if $done (i32.gt_u (local.get $last) (local.get $end)))
        (local.set $to (local.get $stack))
        (local.set $label (local.get $labels))
        (local.set $count (i32.const 0))
        (block $unusual
          (loop $fields
            (if (i32.lt_u (local.get $pos) (local.get $last))
              (then
                ;; The field's content is $pos…$stop; where that is not known, as in front of a single number, $limit
                ;; bounds what begins before $stop.
                (local.set $key (i32.load8_u (local.get $pos)))
                (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                (if (i32.eq (i32.and (local.get $key) (i32.const 7)) (i32.const 2))
                  (then
                    (local.set $stop (i32.load8_u (local.get $pos)))
                    (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                    (if (i32.ge_u (local.get $stop) (i32.const 128))
                      (then
                        (local.set $byte (i32.load8_u (local.get $pos)))
                        (br_if $unusual (i32.ge_u (local.get $byte) (i32.const 128)))
                        (local.set $stop
                          (i32.or
                            (i32.and (local.get $stop) (i32.const 127))
                            (i32.shl (local.get $byte) (i32.const 7))))
                        (local.set $pos (i32.add (local.get $pos) (i32.const 1)))))
                    (local.set $stop (i32.add (local.get $stop) (local.get $pos)))
                    (br_if $unusual (i32.gt_u (local.get $stop) (local.get $last)))
                    (local.set $limit (local.get $stop))
                    (if (i32.eq (local.get $key) (i32.const 0x1a))
                      (then
                        (local.set $byte
                          (call $label (local.get $pos) (local.get $stop) (local.get $label) (local.get $row)))
                        (br_if $unusual (i32.eq (local.get $byte) (i32.const 2)))
                        (local.set $label (i32.add (local.get $label) (local.get $byte)))
                        (local.set $pos (local.get $stop))
                        (br $fields))))
                  (else
                    (local.set $stop (i32.add (local.get $pos) (i32.const 1)))
                    (local.set $limit (local.get $last))))
                ;; Ids of locations: 0x0a, or 0x08 for one.
                (if (i32.eq (i32.and (local.get $key) (i32.const 0xfd)) (i32.const 8))
                  (then
                    (loop $ids
                      (if (i32.lt_u (local.get $pos) (local.get $stop))
                        (then
                          (local.set $id (i32.load8_u (local.get $pos)))
                          (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                          (if (i32.ge_u (local.get $id) (i32.const 128))
                            (then
                              (local.set $byte (i32.load8_u (local.get $pos)))
                              (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                              (local.set $id
                                (i32.or
                                  (i32.and (local.get $id) (i32.const 127))
                                  (i32.shl (i32.and (local.get $byte) (i32.const 127)) (i32.const 7))))
                              (if (i32.ge_u (local.get $byte) (i32.const 128))
                                (then
                                  (local.set $byte (i32.load8_u (local.get $pos)))
                                  (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                                  (local.set $id
                                    (i32.or
                                      (local.get $id)
                                      (i32.shl (i32.and (local.get $byte) (i32.const 127)) (i32.const 14))))
                                  (if (i32.ge_u (local.get $byte) (i32.const 128))
                                    (then
                                      (local.set $byte (i32.load8_u (local.get $pos)))
                                      (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                                      (br_if $unusual (i32.ge_u (local.get $byte) (i32.const 128)))
                                      (local.set $id
                                        (i32.or (local.get $id) (i32.shl (local.get $byte) (i32.const 21))))))))))
                          (br_if $unusual
                            (i32.ge_u (i32.sub (local.get $id) (i32.const 1)) (local.get $ceiling)))
                          (if (i32.gt_u (local.get $id) (local.get $largest))
                            (then (local.set $largest (local.get $id))))
                          ;; Where an element has 2 bytes, the next one overwrites the other 2.
                          (i32.store (local.get $to) (i32.sub (local.get $id) (i32.const 1)))
                          (local.set $to (i32.add (local.get $to) (local.get $step)))
                          (br $ids)))))
                  (else
                    ;; Values: 0x12, or 0x10 for one.
                    (br_if $unusual (i32.ne (i32.and (local.get $key) (i32.const 0xfd)) (i32.const 16)))
                    (loop $values
                      (if (i32.lt_u (local.get $pos) (local.get $stop))
                        (then
                          (br_if $unusual (i32.ge_u (local.get $count) (local.get $types)))
                          (local.set $column
                            (i32.add
                              (i32.add (global.get $VALUES) (i32.mul (local.get $count) (i32.const <STRIDE>)))
                              (i32.shl (local.get $row) (i32.const 3))))
                          (local.set $value (i64.load8_u (local.get $pos)))
                          (if (i64.eqz (local.get $value))
                            (then
                              (local.set $pos (i32.add (local.get $pos) (i32.const 1)))
                              (i64.store (local.get $column) (i64.const 0)))
                            (else
                              (call $varint (local.get $pos))
                              (local.set $pos)
                              (local.set $value)
                              (br_if $unusual (i32.eqz (local.get $pos)))
                              (br_if $unusual
                                (i32.eqz (call $put (local.get $count) (local.get $column) (local.get $value))))))
                          (local.set $count (i32.add (local.get $count) (i32.const 1)))
                          (br $values))))))
                (br_if $unusual (i32.gt_u (local.get $pos) (local.get $limit)))
                (br $fields))))
          (br_if $unusual (i32.ne (local.get $count) (local.get $types)))
          ;; The sample is complete.
          (i32.store
            (i32.add (global.get $STACK_ENDS) (i32.shl (local.get $row) (i32.const 2)))
            (i32.add
              (i32.load (i32.const <Header.framesBefore>))
              (i32.shr_u
                (i32.sub (local.get $to) (global.get $STACKS))
                (i32.shr_u (local.get $step) (i32.const 1)))))
          (local.set $labels (local.get $label))
          (i32.store
            (i32.add (global.get $LABEL_ENDS) (i32.shl (local.get $row) (i32.const 2)))
            (i32.add (i32.load (i32.const <Header.labelsBefore>)) (local.get $labels)))
          (local.set $row (i32.add (local.get $row) (i32.const 1)))
          (local.set $stack (local.get $to))
          (local.set $at (local.get $last))
          (br $samples))
        ;; What was added of the sample that is left to others is taken back.
        (loop $values
          (if (local.get $count)
            (then
              (local.set $count (i32.sub (local.get $count) (i32.const 1)))
              (call $take
                (local.get $count)
                (i32.add
                  (i32.add (global.get $VALUES) (i32.mul (local.get $count) (i32.const <STRIDE>)))
                  (i32.shl (local.get $row) (i32.const 3))))
              (br $values))))
        (loop $numbers
          (if (i32.gt_u (local.get $label) (local.get $labels))
            (then
              (local.set $label (i32.sub (local.get $label) (i32.const 1)))
              (call $take
                (i32.const <Numbers.labels>)
                (i32.add (global.get $LABEL_NUMBERS) (i32.shl (local.get $label) (i32.const 3))))
              (br $numbers))))))
    (i32.store (i32.const <Header.largestId>) (local.get $largest))
    (i32.store (i32.const <Header.samples>) (local.get $row))
    (i32.store
      (i32.const <Header.frames>)
      (i32.shr_u
        (i32.sub (local.get $stack) (global.get $STACKS))
        (i32.shr_u (local.get $step) (i32.const 1))))
    (i32.store (i32.const <Header.labels>) (local.get $labels))
    (local.get $at))

  ;; Reads samples, locations, functions and strings from $at on, up to $end or to the first field that is none or an
  ;; unusual one; the offset of that.
  (func (export "run") (param $at i32) (param $end i32) (result i32)
    (local $key i32) (local $pos i32) (local $last i32) (local $byte i32)
    (memory.fill (i32.const <Header.samples>) (i32.const 0) (i32.const <RESULT_BYTES>))
    (block $done
      (loop $messages
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $key (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $key) (i32.const 0x12))
          (then
            (br_if $done (i32.eqz (i32.and (i32.load (i32.const <Header.reading>)) (i32.const 1))))
            (local.set $last (local.get $at))
            (local.set $at (call $samples (local.get $at) (local.get $end)))
            (br_if $done (i32.eq (local.get $at) (local.get $last)))
            (br $messages)))
        (br_if $done (i32.lt_u (i32.load (i32.const <Header.reading>)) (i32.const 2)))
        (local.set $last (i32.load8_u offset=1 (local.get $at)))
        (local.set $pos (i32.add (local.get $at) (i32.const 2)))
        (if (i32.ge_u (local.get $last) (i32.const 128))
          (then
            (local.set $byte (i32.load8_u (local.get $pos)))
            (br_if $done (i32.ge_u (local.get $byte) (i32.const 128)))
            (local.set $last
              (i32.or
                (i32.and (local.get $last) (i32.const 127))
                (i32.shl (local.get $byte) (i32.const 7))))
            (local.set $pos (i32.add (local.get $pos) (i32.const 1)))))
        (local.set $last (i32.add (local.get $last) (local.get $pos)))
        (br_if $done (i32.gt_u (local.get $last) (local.get $end)))
        (if (i32.eq (local.get $key) (i32.const 0x22))
          (then
            ;; One location may have many lines.
            (br_if $done (i32.eq (i32.load (i32.const <Header.locations>)) (i32.const <MOST_ROWS>)))
            (br_if $done (i32.gt_u (i32.load (i32.const <Header.lines>)) (i32.const <LAST_LINE>)))
            (br_if $done (i32.eqz (call $location (local.get $pos) (local.get $last)))))
          (else
            (if (i32.eq (local.get $key) (i32.const 0x2a))
              (then
                (br_if $done (i32.eq (i32.load (i32.const <Header.functions>)) (i32.const <MOST_ROWS>)))
                (br_if $done (i32.eqz (call $function (local.get $pos) (local.get $last)))))
              (else
                (br_if $done (i32.ne (local.get $key) (i32.const 0x32)))
                (br_if $done (i32.eq (i32.load (i32.const <Header.strings>)) (i32.const <MOST_ROWS>)))
                (br_if $done (i32.eqz (call $string (local.get $pos) (local.get $last))))))))
        (local.set $at (local.get $last))
        (br $messages)))
    (local.get $at)))
