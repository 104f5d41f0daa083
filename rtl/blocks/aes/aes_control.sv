// The steps of a command of the AES engine (contract: aes.sv): checks it, has the keys expanded, counts the beats of the
// stream's sections (IV, additional data, data), and makes and compares the tag.
module aes_control
  import aes_package::*;
(
    input  logic        clk,
    input  logic        rst_n,
    input  command_t    command,
    input  logic        equal_keys,     // of XTS: not allowed
    input  logic        key_changed,
    input  logic        start,
    input  logic        abort,
    output logic        busy,
    output logic        done,
    output logic [ 2:0] errors,
    output logic        tag_ok,
    output block_t      tag_out,        // byte 0 lowest
    output logic        begin_command,  // once per command, before its first beat
    output logic        data_phase,     // data are taken
    // The stream in.
    input  logic        in_valid,
    output logic        in_ready,
    input  logic [15:0] in_keep,
    input  logic        in_last,
    // To the pipeline.
    input  logic        may_push,
    output logic        push,           // the beat is data
    output logic [15:0] push_keep,
    output logic        push_last,
    output logic        unit_end,       // XTS: it is a unit's last
    output block_t      counter,        // GCM: it is encrypted with this
    input  logic        pipeline_empty,
    // Keys.
    output logic        expand,
    input  logic        expanded,
    output logic        encrypt_start,
    output block_t      encrypt_data,
    input  logic        encrypt_busy,
    input  logic        encrypt_done,
    input  block_t      encrypted,
    // GHASH.
    output block_t      hash_key,
    output logic        hash_clear,
    output logic        hash_beat,      // absorbs the beat, as far as push_keep goes
    output logic        hash_lengths,   // absorbs `lengths`
    output block_t      lengths,
    input  block_t      hash
);
  typedef enum logic [3:0] {
    IDLE, EXPAND, HASH_KEY, PREPARE, IV, IV_LENGTH, IV_END, TAG_MASK, AAD, DATA, DRAIN, FLUSH, LENGTHS, TAG
  } state_t;
  state_t state;
  logic key_ready, framing, cut;
  logic [28:0] left;       // beats of this section
  logic [27:0] unit_left;  // beats of this data unit
  block_t initial_counter;
  logic [95:0] iv;
  assign iv = 96'(byte_reverse(command.iv) >> 32);

  function automatic logic [28:0] beats(logic [31:0] bytes);
    return 29'(bytes[31:4]) + 29'(bytes[3:0] != 0);
  endfunction

  logic bad;
  always_comb begin
    if (command.gcm) bad = command.iv_length == 0 || command.tag_length < 4 || command.tag_length > 16;
    else
      bad = command.data_length == 0 || command.data_length[3:0] != 0 || command.unit_length == 0 ||
          command.unit_length[3:0] != 0 || equal_keys;
  end

  // The beat at hand.
  logic accept, section_end, command_end;
  logic [3:0] section_bytes;
  assign in_ready = state == IV || state == AAD || state == DRAIN || (state == DATA && may_push);
  assign accept = in_valid && in_ready;
  assign section_end = left == 1;
  always_comb begin
    case (state)
      IV: section_bytes = command.iv_length[3:0];
      AAD: section_bytes = command.aad_length[3:0];
      default: section_bytes = command.data_length[3:0];
    endcase
    command_end = section_end;
    if (state == IV && command.aad_length != 0) command_end = 1'b0;
    if (state != DATA && command.data_length != 0) command_end = 1'b0;
  end
  assign framing = accept && state != DRAIN && (in_last != command_end || (push_keep & ~in_keep) != 0);

  assign push_keep    = section_end ? keep_first(section_bytes) : 16'hffff;
  assign push         = accept && state == DATA;
  assign push_last    = command_end || in_last;
  assign unit_end     = unit_left == 1;
  assign hash_beat    = accept && (state == IV || state == AAD);
  assign hash_lengths = (state == IV_LENGTH) || (state == LENGTHS);
  assign hash_clear   = state == PREPARE || state == IV_END;
  assign lengths      = state == IV_LENGTH ? {96'b0, command.iv_length} << 3 :
                        {32'b0, command.aad_length, 32'b0, command.data_length} << 3;

  logic unused;
  assign unused = command.key_256;

  assign busy          = state != IDLE;
  assign begin_command = state == PREPARE;
  assign data_phase    = state == DATA;
  assign expand        = state == IDLE && start && !bad && !key_ready;
  assign encrypt_start = (state == EXPAND && expanded && command.gcm) || state == TAG_MASK;
  assign encrypt_data  = state == TAG_MASK ? initial_counter : '0;

  block_t tag;
  logic tag_wrong, tag_now;
  assign tag_now   = state == TAG && !encrypt_busy;
  assign tag       = byte_reverse((hash ^ encrypted) & byte_mask(keep_first(command.tag_length[3:0])));
  assign tag_wrong = ((tag ^ command.tag_in) & byte_reverse(byte_mask(keep_first(command.tag_length[3:0])))) != 0;
  assign errors    = {tag_now && command.gcm && !cut && command.decrypt && tag_wrong, framing, state == IDLE && start && bad};
  assign done      = tag_now && !abort;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      tag_ok  <= 1'b0;
      tag_out <= '0;
    end else if (start) begin
      tag_ok  <= 1'b0;
      tag_out <= '0;
    end else if (tag_now && command.gcm && !cut) begin
      tag_ok  <= command.decrypt && !tag_wrong;
      tag_out <= command.decrypt ? '0 : tag;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n || abort || key_changed) key_ready <= 1'b0;
    else if (state == EXPAND && expanded) key_ready <= 1'b1;
    if (encrypt_done && state == HASH_KEY) hash_key <= encrypted;
  end

  always_ff @(posedge clk) begin
    if (state == PREPARE) initial_counter <= {iv, 32'd1};
    if (state == IV_END) initial_counter <= hash;
    if (state == TAG_MASK) counter <= {initial_counter[127:32], initial_counter[31:0] + 32'd1};
    else if (push) counter[31:0] <= counter[31:0] + 32'd1;
    if (state == PREPARE || (push && unit_end)) unit_left <= command.unit_length[31:4];
    else if (push) unit_left <= unit_left - 1;
    if (state == PREPARE) left <= command.gcm ? beats(command.iv_length) : beats(command.data_length);
    else if (state == TAG_MASK) left <= beats(command.aad_length != 0 ? command.aad_length : command.data_length);
    else if (state == AAD && accept && section_end) left <= beats(command.data_length);
    else if (accept) left <= left - 1;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || abort) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE: begin
          cut <= 1'b0;
          if (start && !bad) state <= key_ready ? PREPARE : EXPAND;
        end
        EXPAND: if (expanded) state <= command.gcm ? HASH_KEY : PREPARE;
        HASH_KEY: if (encrypt_done) state <= PREPARE;
        PREPARE: begin
          if (!command.gcm) state <= DATA;
          else state <= command.iv_length == 12 ? TAG_MASK : IV;
        end
        IV: if (accept && section_end) state <= IV_LENGTH;
        IV_LENGTH: state <= IV_END;
        IV_END: state <= TAG_MASK;
        TAG_MASK: begin
          if (command.aad_length != 0) state <= AAD;
          else state <= command.data_length != 0 ? DATA : FLUSH;
        end
        AAD: if (accept && section_end) state <= command.data_length != 0 ? DATA : FLUSH;
        DATA: if (accept && section_end) state <= FLUSH;
        DRAIN: if (accept && in_last) state <= FLUSH;
        FLUSH: if (pipeline_empty) state <= command.gcm && !cut ? LENGTHS : TAG;
        LENGTHS: state <= TAG;
        TAG: if (!encrypt_busy) state <= IDLE;
        default: state <= IDLE;
      endcase
      // A packet of the wrong size ends the command: what is too much is dropped.
      if (accept && state != DRAIN && in_last != command_end) begin
        cut   <= 1'b1;
        state <= in_last ? FLUSH : DRAIN;
      end
    end
  end
endmodule
