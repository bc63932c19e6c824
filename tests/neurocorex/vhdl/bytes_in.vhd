-- Stands for the design's receiver of serial bits where only bytes matter: gives the bytes of the file `packets.txt`
-- one after the other. A line is a byte, or a negative number: so many clocks of waiting.

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use std.textio.all;

entity uart_rx_ctrl is
  port (
    uart_rx : in std_logic;
    clk : in std_logic;
    data : out std_logic_vector(7 downto 0) := (others => '0');
    read_data : out std_logic := '0'
  );
end entity;

architecture bench of uart_rx_ctrl is
begin
  process
    file packets : text open read_mode is "packets.txt";
    variable one : line;
    variable number : integer;
  begin
    for settle in 1 to 3000 loop
      wait until rising_edge(clk);
    end loop;
    while not endfile(packets) loop
      readline(packets, one);
      read(one, number);
      if number < 0 then
        for pause in 1 to -number loop
          wait until rising_edge(clk);
        end loop;
      else
        data <= std_logic_vector(to_unsigned(number, 8));
        read_data <= '1';
        wait until rising_edge(clk);
        read_data <= '0';
        for gap in 1 to 12 loop  -- the real one takes some 1,000
          wait until rising_edge(clk);
        end loop;
      end if;
    end loop;
    wait;
  end process;
end architecture;
