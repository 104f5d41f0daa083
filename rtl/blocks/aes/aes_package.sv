// The round functions of AES (FIPS 197) and what the engine's modules share. A block has byte 0 of FIPS 197 in its highest
// byte; byte_reverse() turns it into the order of an AXI4-Stream, whose first byte is lowest.
package aes_package;
  typedef logic [127:0] block_t;

  localparam int ROUNDS = 14;  // of AES-256; with AES-128, rounds 1 to 4 are passed through

  typedef struct packed {
    logic        gcm;          // else XTS
    logic        decrypt;
    logic        key_256;
    logic [31:0] unit_length;  // all lengths in bytes
    logic [31:0] aad_length;
    logic [31:0] data_length;
    logic [31:0] iv_length;
    logic [ 4:0] tag_length;
    block_t      iv;           // as the registers have it: byte 0 lowest
    block_t      tag_in;
  } command_t;

  // One step of an XTS tweak; byte 0 lowest (IEEE 1619, 5.2).
  function automatic block_t times_alpha(block_t tweak);
    return {tweak[126:0], 1'b0} ^ (tweak[127] ? 128'h87 : 128'h0);
  endfunction

  function automatic block_t byte_reverse(block_t x);
    block_t y;
    for (int i = 0; i < 16; ++i) y[8*i+:8] = x[8*(15-i)+:8];
    return y;
  endfunction

  // Ones in the bytes that are kept; bit 0 of keep is byte 0, the highest.
  function automatic block_t byte_mask(logic [15:0] keep);
    block_t y;
    for (int i = 0; i < 16; ++i) y[8*(15-i)+:8] = {8{keep[i]}};
    return y;
  endfunction

  // Keeps the first `count` bytes; 0 stands for 16.
  function automatic logic [15:0] keep_first(logic [3:0] count);
    return count == 0 ? 16'hffff : 16'((32'd1 << count) - 1);
  endfunction

  localparam logic [7:0] SBOX [256] = '{
      8'h63, 8'h7c, 8'h77, 8'h7b, 8'hf2, 8'h6b, 8'h6f, 8'hc5, 8'h30, 8'h01, 8'h67, 8'h2b, 8'hfe, 8'hd7, 8'hab, 8'h76,
      8'hca, 8'h82, 8'hc9, 8'h7d, 8'hfa, 8'h59, 8'h47, 8'hf0, 8'had, 8'hd4, 8'ha2, 8'haf, 8'h9c, 8'ha4, 8'h72, 8'hc0,
      8'hb7, 8'hfd, 8'h93, 8'h26, 8'h36, 8'h3f, 8'hf7, 8'hcc, 8'h34, 8'ha5, 8'he5, 8'hf1, 8'h71, 8'hd8, 8'h31, 8'h15,
      8'h04, 8'hc7, 8'h23, 8'hc3, 8'h18, 8'h96, 8'h05, 8'h9a, 8'h07, 8'h12, 8'h80, 8'he2, 8'heb, 8'h27, 8'hb2, 8'h75,
      8'h09, 8'h83, 8'h2c, 8'h1a, 8'h1b, 8'h6e, 8'h5a, 8'ha0, 8'h52, 8'h3b, 8'hd6, 8'hb3, 8'h29, 8'he3, 8'h2f, 8'h84,
      8'h53, 8'hd1, 8'h00, 8'hed, 8'h20, 8'hfc, 8'hb1, 8'h5b, 8'h6a, 8'hcb, 8'hbe, 8'h39, 8'h4a, 8'h4c, 8'h58, 8'hcf,
      8'hd0, 8'hef, 8'haa, 8'hfb, 8'h43, 8'h4d, 8'h33, 8'h85, 8'h45, 8'hf9, 8'h02, 8'h7f, 8'h50, 8'h3c, 8'h9f, 8'ha8,
      8'h51, 8'ha3, 8'h40, 8'h8f, 8'h92, 8'h9d, 8'h38, 8'hf5, 8'hbc, 8'hb6, 8'hda, 8'h21, 8'h10, 8'hff, 8'hf3, 8'hd2,
      8'hcd, 8'h0c, 8'h13, 8'hec, 8'h5f, 8'h97, 8'h44, 8'h17, 8'hc4, 8'ha7, 8'h7e, 8'h3d, 8'h64, 8'h5d, 8'h19, 8'h73,
      8'h60, 8'h81, 8'h4f, 8'hdc, 8'h22, 8'h2a, 8'h90, 8'h88, 8'h46, 8'hee, 8'hb8, 8'h14, 8'hde, 8'h5e, 8'h0b, 8'hdb,
      8'he0, 8'h32, 8'h3a, 8'h0a, 8'h49, 8'h06, 8'h24, 8'h5c, 8'hc2, 8'hd3, 8'hac, 8'h62, 8'h91, 8'h95, 8'he4, 8'h79,
      8'he7, 8'hc8, 8'h37, 8'h6d, 8'h8d, 8'hd5, 8'h4e, 8'ha9, 8'h6c, 8'h56, 8'hf4, 8'hea, 8'h65, 8'h7a, 8'hae, 8'h08,
      8'hba, 8'h78, 8'h25, 8'h2e, 8'h1c, 8'ha6, 8'hb4, 8'hc6, 8'he8, 8'hdd, 8'h74, 8'h1f, 8'h4b, 8'hbd, 8'h8b, 8'h8a,
      8'h70, 8'h3e, 8'hb5, 8'h66, 8'h48, 8'h03, 8'hf6, 8'h0e, 8'h61, 8'h35, 8'h57, 8'hb9, 8'h86, 8'hc1, 8'h1d, 8'h9e,
      8'he1, 8'hf8, 8'h98, 8'h11, 8'h69, 8'hd9, 8'h8e, 8'h94, 8'h9b, 8'h1e, 8'h87, 8'he9, 8'hce, 8'h55, 8'h28, 8'hdf,
      8'h8c, 8'ha1, 8'h89, 8'h0d, 8'hbf, 8'he6, 8'h42, 8'h68, 8'h41, 8'h99, 8'h2d, 8'h0f, 8'hb0, 8'h54, 8'hbb, 8'h16
  };

  localparam logic [7:0] INVERSE_SBOX [256] = '{
      8'h52, 8'h09, 8'h6a, 8'hd5, 8'h30, 8'h36, 8'ha5, 8'h38, 8'hbf, 8'h40, 8'ha3, 8'h9e, 8'h81, 8'hf3, 8'hd7, 8'hfb,
      8'h7c, 8'he3, 8'h39, 8'h82, 8'h9b, 8'h2f, 8'hff, 8'h87, 8'h34, 8'h8e, 8'h43, 8'h44, 8'hc4, 8'hde, 8'he9, 8'hcb,
      8'h54, 8'h7b, 8'h94, 8'h32, 8'ha6, 8'hc2, 8'h23, 8'h3d, 8'hee, 8'h4c, 8'h95, 8'h0b, 8'h42, 8'hfa, 8'hc3, 8'h4e,
      8'h08, 8'h2e, 8'ha1, 8'h66, 8'h28, 8'hd9, 8'h24, 8'hb2, 8'h76, 8'h5b, 8'ha2, 8'h49, 8'h6d, 8'h8b, 8'hd1, 8'h25,
      8'h72, 8'hf8, 8'hf6, 8'h64, 8'h86, 8'h68, 8'h98, 8'h16, 8'hd4, 8'ha4, 8'h5c, 8'hcc, 8'h5d, 8'h65, 8'hb6, 8'h92,
      8'h6c, 8'h70, 8'h48, 8'h50, 8'hfd, 8'hed, 8'hb9, 8'hda, 8'h5e, 8'h15, 8'h46, 8'h57, 8'ha7, 8'h8d, 8'h9d, 8'h84,
      8'h90, 8'hd8, 8'hab, 8'h00, 8'h8c, 8'hbc, 8'hd3, 8'h0a, 8'hf7, 8'he4, 8'h58, 8'h05, 8'hb8, 8'hb3, 8'h45, 8'h06,
      8'hd0, 8'h2c, 8'h1e, 8'h8f, 8'hca, 8'h3f, 8'h0f, 8'h02, 8'hc1, 8'haf, 8'hbd, 8'h03, 8'h01, 8'h13, 8'h8a, 8'h6b,
      8'h3a, 8'h91, 8'h11, 8'h41, 8'h4f, 8'h67, 8'hdc, 8'hea, 8'h97, 8'hf2, 8'hcf, 8'hce, 8'hf0, 8'hb4, 8'he6, 8'h73,
      8'h96, 8'hac, 8'h74, 8'h22, 8'he7, 8'had, 8'h35, 8'h85, 8'he2, 8'hf9, 8'h37, 8'he8, 8'h1c, 8'h75, 8'hdf, 8'h6e,
      8'h47, 8'hf1, 8'h1a, 8'h71, 8'h1d, 8'h29, 8'hc5, 8'h89, 8'h6f, 8'hb7, 8'h62, 8'h0e, 8'haa, 8'h18, 8'hbe, 8'h1b,
      8'hfc, 8'h56, 8'h3e, 8'h4b, 8'hc6, 8'hd2, 8'h79, 8'h20, 8'h9a, 8'hdb, 8'hc0, 8'hfe, 8'h78, 8'hcd, 8'h5a, 8'hf4,
      8'h1f, 8'hdd, 8'ha8, 8'h33, 8'h88, 8'h07, 8'hc7, 8'h31, 8'hb1, 8'h12, 8'h10, 8'h59, 8'h27, 8'h80, 8'hec, 8'h5f,
      8'h60, 8'h51, 8'h7f, 8'ha9, 8'h19, 8'hb5, 8'h4a, 8'h0d, 8'h2d, 8'he5, 8'h7a, 8'h9f, 8'h93, 8'hc9, 8'h9c, 8'hef,
      8'ha0, 8'he0, 8'h3b, 8'h4d, 8'hae, 8'h2a, 8'hf5, 8'hb0, 8'hc8, 8'heb, 8'hbb, 8'h3c, 8'h83, 8'h53, 8'h99, 8'h61,
      8'h17, 8'h2b, 8'h04, 8'h7e, 8'hba, 8'h77, 8'hd6, 8'h26, 8'he1, 8'h69, 8'h14, 8'h63, 8'h55, 8'h21, 8'h0c, 8'h7d
  };

  function automatic logic [31:0] sub_word(logic [31:0] x);
    return {SBOX[x[31:24]], SBOX[x[23:16]], SBOX[x[15:8]], SBOX[x[7:0]]};
  endfunction

  // ShiftRows after SubBytes: byte r of column c comes from column c + r.
  function automatic block_t sub_shift(block_t x);
    block_t y;
    for (int c = 0; c < 4; ++c)
      for (int r = 0; r < 4; ++r) y[127-8*(4*c+r)-:8] = SBOX[x[127-8*(4*((c+r)%4)+r)-:8]];
    return y;
  endfunction

  function automatic block_t inverse_sub_shift(block_t x);
    block_t y;
    for (int c = 0; c < 4; ++c)
      for (int r = 0; r < 4; ++r) y[127-8*(4*((c+r)%4)+r)-:8] = INVERSE_SBOX[x[127-8*(4*c+r)-:8]];
    return y;
  endfunction

  // Each byte times x in GF(2^8), four at once.
  function automatic logic [31:0] xtime(logic [31:0] x);
    return ((x & 32'h7f7f7f7f) << 1) ^ (((x >> 7) & 32'h01010101) * 32'h1b);
  endfunction

  function automatic logic [31:0] mix_column(logic [31:0] x);
    logic [31:0] next;
    next = {x[23:0], x[31:24]};
    return xtime(x ^ next) ^ next ^ {x[15:0], x[31:16]} ^ {x[7:0], x[31:8]};
  endfunction

  // MixColumns of a column to which 4 times (row r + row r + 2) is added is its inverse.
  function automatic logic [31:0] inverse_mix_column(logic [31:0] x);
    return mix_column(x ^ xtime(xtime(x ^ {x[15:0], x[31:16]})));
  endfunction

  function automatic block_t encrypt_round(block_t x, block_t key, logic last);
    block_t y;
    y = sub_shift(x);
    if (!last) for (int c = 0; c < 4; ++c) y[32*c+:32] = mix_column(y[32*c+:32]);
    return y ^ key;
  endfunction

  function automatic block_t decrypt_round(block_t x, block_t key, logic last);
    block_t y;
    y = inverse_sub_shift(x) ^ key;
    if (!last) for (int c = 0; c < 4; ++c) y[32*c+:32] = inverse_mix_column(y[32*c+:32]);
    return y;
  endfunction
endpackage
